import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { ConcordError } from '../../shared/errors.ts';
import { nameKey } from '../store/tables.ts';

/** A try to sign in. */
export interface Attempt {
  readonly name: string;
  /** See `addressOf`. */
  readonly address: string;
  /** The id of a browser that the account was signed in with before; null for any other. */
  readonly device: string | null;
}

/** How often one may try. Kept in memory: a restart forgives, and every node counts for itself. */
export interface Limits {
  /** Before a password is checked; `succeeded` gives the tries back. Throws `too-many-requests`. */
  signIn(attempt: Attempt): Promise<{ succeeded(): Promise<void> }>;
  invitation(address: string): Promise<void>;
  /** What an order or a costly question takes of a session's allowance. */
  command(session: string, cost?: number): Promise<void>;
}

/** Tries and seconds. Named in docs/security.md, which a test holds to them. */
export const allowances = {
  /** A browser that knows the account has a count of its own, and no other. */
  signInByDevice: { points: 10, duration: 900 },
  signInByNameAndAddress: { points: 10, duration: 900 },
  /** From all addresses together: who commands a thousand of them has no thousand times as many tries. */
  signInByName: { points: 50, duration: 3600 },
  /** A delegation behind one address holds many names. */
  signInByAddress: { points: 100, duration: 900 },
  invitationByAddress: { points: 60, duration: 900 },
  commandBySession: { points: 120, duration: 10 },
} as const;

export function openLimits(): Limits {
  const byDevice = new RateLimiterMemory(allowances.signInByDevice);
  const byNameAndAddress = new RateLimiterMemory(allowances.signInByNameAndAddress);
  const byName = new RateLimiterMemory(allowances.signInByName);
  const byAddress = new RateLimiterMemory(allowances.signInByAddress);
  const invitations = new RateLimiterMemory(allowances.invitationByAddress);
  const commands = new RateLimiterMemory(allowances.commandBySession);
  return {
    async signIn({ name, address, device }) {
      if (device !== null) {
        await spend(byDevice, device);
        return {
          succeeded: async () => {
            await byDevice.delete(device);
          },
        };
      }
      const key = nameKey(name);
      await spend(byAddress, address);
      // Before the name's own count: one address can't use up what is there for all.
      await spend(byNameAndAddress, `${address} ${key}`);
      await spend(byName, key);
      return {
        succeeded: async () => {
          await byNameAndAddress.delete(`${address} ${key}`);
          await byName.delete(key);
          await byAddress.reward(address, 1);
        },
      };
    },
    invitation: (address) => spend(invitations, address),
    command: (session, cost) => spend(commands, session, cost),
  };
}

async function spend(limiter: RateLimiterMemory, key: string, cost = 1): Promise<void> {
  try {
    await limiter.consume(key, cost);
  } catch (error) {
    const wait = (error as RateLimiterRes).msBeforeNext;
    // Tries are forgotten by a timer, whatever the clock shows; what is told must not be longer when the clock went back.
    const seconds = Math.min(Math.ceil(wait / 1000), limiter.duration);
    throw new ConcordError('too-many-requests', Number.isFinite(seconds) ? { field: String(seconds) } : {});
  }
}
