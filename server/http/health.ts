import { Hono } from 'hono';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { Log } from '../storage/log.ts';

/** How long `/healthz` waits for the disk, ms. */
const longestCheck = 4000;

/** `/healthz`: 200 once a write has reached the disk, else `not-stored`. */
export function healthRoutes(log: Pick<Log, 'check'>): Hono {
  let checking: Promise<void> | null = null;
  return new Hono().get('/healthz', async (c) => {
    // Anybody may ask: however many do at once, the disk is asked once.
    checking ??= log.check().finally(() => {
      checking = null;
    });
    // A disk that doesn't answer is as bad as one that says no, and whoever asks wants to know.
    let late: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(new ConcordError('not-stored')), longestCheck);
    });
    await Promise.race([checking, tooLate]).finally(() => clearTimeout(late));
    return c.text('ok');
  });
}
