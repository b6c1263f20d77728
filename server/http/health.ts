import { Hono } from 'hono';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { Log } from '../storage/log.ts';

/** Time limit for the disk in `/healthz`, ms. */
const longestCheck = 4000;

/** `/healthz`: 200 once a write has reached the disk, else `not-stored`. */
export function healthRoutes(log: Pick<Log, 'check'>): Hono {
  let checking: Promise<void> | null = null;
  return new Hono().get('/healthz', async (c) => {
    // Anybody may ask: the disk is asked once for all that ask at the same time.
    checking ??= log.check().finally(() => {
      checking = null;
    });
    // A disk that doesn't answer counts as one that fails.
    let late: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(new ConcordError('not-stored')), longestCheck);
    });
    await Promise.race([checking, tooLate]).finally(() => clearTimeout(late));
    return c.text('ok');
  });
}
