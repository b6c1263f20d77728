import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { ConcordError } from '../../shared/errors.ts';

/** How often one may try. Kept in memory: a restart forgives, and every node counts for itself. */
export interface Limits {
  /** Before a password is checked; `succeeded` gives the tries on that name back. */
  signIn(name: string, address: string): Promise<{ succeeded(): Promise<void> }>;
  invitation(address: string): Promise<void>;
  command(session: string): Promise<void>;
}

export function openLimits(): Limits {
  // A name is tried ten times in a quarter of an hour; a delegation behind one address holds many names.
  const byName = new RateLimiterMemory({ points: 10, duration: 900 });
  const byAddress = new RateLimiterMemory({ points: 100, duration: 900 });
  const invitations = new RateLimiterMemory({ points: 60, duration: 900 });
  const commands = new RateLimiterMemory({ points: 120, duration: 10 });
  return {
    async signIn(name, address) {
      const key = name.normalize('NFKC').toLowerCase().trim();
      await spend(byAddress, address);
      await spend(byName, key);
      return {
        succeeded: async () => {
          await byName.delete(key);
          await byAddress.reward(address, 1);
        },
      };
    },
    invitation: (address) => spend(invitations, address),
    command: (session) => spend(commands, session),
  };
}

async function spend(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (error) {
    const wait = (error as RateLimiterRes).msBeforeNext;
    // Tries are forgotten by a timer, whatever the clock shows; what is told must not be longer when the clock went back.
    const seconds = Math.min(Math.ceil(wait / 1000), limiter.duration);
    throw new ConcordError('too-many-requests', Number.isFinite(seconds) ? { field: String(seconds) } : {});
  }
}
