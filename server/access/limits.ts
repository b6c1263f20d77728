import { setTimeout as pause } from 'node:timers/promises';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { AccountId } from '../../shared/protocol/ids.ts';
import { nameKey } from '../storage/tables.ts';

/** An attempt to sign in. */
export interface Attempt {
  readonly name: string;
  /** The account of that name; null where there is none. */
  readonly account: AccountId | null;
  /** See `addressOf`. */
  readonly address: string;
  /** The id of a browser in which the account was signed in before; null for any other. */
  readonly device: string | null;
}

/** The limits of failures and requests. Kept in memory: a restart resets them, and every node counts for itself. */
export interface Limits {
  /**
   * Lets a password be checked, and counts a failure. Resolves with the result of `check`: whether it is right. Throws
   * `too-many-requests`.
   */
  signIn(attempt: Attempt, check: () => Promise<boolean>): Promise<boolean>;
  /** Counts a look-up of an invalid invitation. Throws `too-many-requests`. */
  invitation(address: string): Promise<void>;
  /** Lets an invitation be accepted, and counts a failure where that throws. Throws `too-many-requests`. */
  takeUp<T>(invitation: string, take: () => Promise<T>): Promise<T>;
  /** Charges a command or a costly query to an account's allowance. Throws `too-many-requests`. */
  command(account: AccountId, cost?: number): Promise<void>;
  /** Counts a meeting that an account makes. Throws `too-many-requests`. */
  meeting(account: AccountId): Promise<void>;
}

/**
 * Failures and seconds; for commands, commands and seconds. docs/security.md lists these figures, and a test compares
 * them.
 */
export const allowances = {
  /** A browser that the account knows has its own count, and no other. */
  signInByDevice: { points: 10, duration: 900 },
  signInByNameAndAddress: { points: 10, duration: 900 },
  /**
   * From all addresses together: an attacker with a thousand addresses has no thousand times as many attempts.
   * Addresses from which the account was signed in before have only their own count.
   */
  signInByName: { points: 50, duration: 3600 },
  /**
   * An address with so many failures is guessing at many names: each name has fewer attempts there, and none is shut
   * out.
   */
  signInByAddress: { points: 100, duration: 900 },
  signInWhereManyFail: { points: 3, duration: 900 },
  invitationByAddress: { points: 60, duration: 900 },
  takeUpByInvitation: { points: 20, duration: 900 },
  commandByAccount: { points: 120, duration: 10 },
  meetingByAccount: { points: 30, duration: 3600 },
} as const;

/** Attempts that may wait for others at the same name. */
const mostWaiting = 500;
/** Addresses of accounts, and unknown names, that are remembered. */
const mostRemembered = 20_000;

export function openLimits(): Limits {
  const byDevice = new Failures(allowances.signInByDevice);
  const byNameAndAddress = new Failures(allowances.signInByNameAndAddress);
  const byName = new Failures(allowances.signInByName);
  const byAddress = new Failures(allowances.signInByAddress);
  const invitations = new Failures(allowances.invitationByAddress);
  const takingUp = new Failures(allowances.takeUpByInvitation);
  const commands = new RateLimiterMemory(allowances.commandByAccount);
  const meetings = new RateLimiterMemory(allowances.meetingByAccount);
  /** The addresses from which accounts were signed in before. */
  const knownFrom = new Recent<true>();
  /** Attempts at unknown names, from addresses with many failures. */
  const inVain = new Recent<number>();
  /** The duration of a check, ms. */
  let usually = 50;

  const checked = async (check: () => Promise<boolean>): Promise<boolean> => {
    const begun = performance.now();
    const right = await check();
    usually += (performance.now() - begun - usually) / 8;
    return right;
  };

  /**
   * An unknown name, from an address with many failures: the same answer after the same time as for a known name,
   * without the work.
   */
  const failInVain = async (key: string): Promise<false> => {
    const tries = (inVain.get(key) ?? 0) + 1;
    inVain.set(key, tries);
    if (tries > allowances.signInWhereManyFail.points) throw tooMany(allowances.signInWhereManyFail.duration * 1000);
    await pause(usually);
    return false;
  };

  return {
    async signIn({ name, account, address, device }, check) {
      if (device !== null) {
        const right = await byDevice.attempt(device, () => checked(check), isRight);
        if (right) await byDevice.forget(device);
        return right;
      }
      const key = nameKey(name);
      const here = `${address} ${key}`;
      const manyFail = await byAddress.isFull(address);
      if (manyFail && account === null) return failInVain(here);
      const most = manyFail ? allowances.signInWhereManyFail.points : undefined;
      const home = account !== null && knownFrom.get(`${address} ${account}`) === true;
      const right = await byNameAndAddress.attempt(
        here,
        () => (home ? checked(check) : byName.attempt(key, () => checked(check), isRight)),
        isRight,
        most,
      );
      if (!right) {
        await byAddress.count(address);
        return false;
      }
      // A delegation behind one address mistypes now and then.
      await byNameAndAddress.forget(here);
      if (account !== null) knownFrom.set(`${address} ${account}`, true);
      return true;
    },
    async invitation(address) {
      if (await invitations.isFull(address)) throw tooMany(await invitations.wait(address));
      await invitations.count(address);
    },
    async takeUp(invitation, take) {
      const outcome = await takingUp.attempt(
        invitation,
        () =>
          take().then(
            (taken) => ({ taken }),
            (failure: unknown) => ({ failure }),
          ),
        (one) => 'taken' in one,
      );
      if ('taken' in outcome) return outcome.taken;
      throw outcome.failure;
    },
    command: (account, cost = 1) => spend(commands, account, cost),
    meeting: (account) => spend(meetings, account, 1),
  };
}

async function spend(limiter: RateLimiterMemory, key: string, cost: number): Promise<void> {
  try {
    await limiter.consume(key, cost);
  } catch (error) {
    throw tooMany(waitOf(error, limiter.duration));
  }
}

const isRight = (right: boolean): boolean => right;

const tooMany = (wait: number): ConcordError =>
  new ConcordError('too-many-requests', { field: String(Math.max(1, Math.ceil(wait / 1000))) });

/**
 * A timer forgets failures, whatever the clock shows; a clock that was set back must not lengthen the reported wait.
 */
function waitOf(limited: unknown, duration: number): number {
  const wait =
    typeof limited === 'object' && limited !== null && 'msBeforeNext' in limited ? Number(limited.msBeforeNext) : 0;
  return Math.min(wait, duration * 1000);
}

/** Attempts under one key that are under way, and those that wait for them. */
interface Line {
  underWay: number;
  readonly waiting: (() => void)[];
}

/** Counts failures only: attempts under way wait for each other where few are left. */
class Failures {
  readonly #limiter: RateLimiterMemory;
  readonly #points: number;
  readonly #lines = new Map<string, Line>();

  constructor(allowance: { readonly points: number; readonly duration: number }) {
    this.#limiter = new RateLimiterMemory(allowance);
    this.#points = allowance.points;
  }

  async #failed(key: string): Promise<number> {
    const found = await this.#limiter.get(key);
    // By a clock that was set ahead, the time is over.
    return found === null || found.msBeforeNext <= 0 ? 0 : found.consumedPoints;
  }

  async isFull(key: string): Promise<boolean> {
    return (await this.#failed(key)) >= this.#points;
  }

  /** The time until failures are forgotten, ms. */
  async wait(key: string): Promise<number> {
    return waitOf(await this.#limiter.get(key), this.#limiter.duration);
  }

  async count(key: string): Promise<void> {
    await this.#limiter.penalty(key);
  }

  async forget(key: string): Promise<void> {
    await this.#limiter.delete(key);
  }

  /**
   * Runs an attempt, if a failure is left: of `most`, where that isn't the allowance's own. An attempt that throws
   * doesn't count. Throws `too-many-requests`.
   */
  async attempt<Result>(
    key: string,
    work: () => Promise<Result>,
    succeeded: (result: Result) => boolean,
    most: number = this.#points,
  ): Promise<Result> {
    const line = await this.#place(key, most);
    try {
      const result = await work();
      if (!succeeded(result)) await this.count(key);
      return result;
    } finally {
      line.underWay -= 1;
      if (line.underWay === 0 && line.waiting.length === 0) this.#lines.delete(key);
      for (const wake of line.waiting.splice(0)) wake();
    }
  }

  /** Waits until the attempt can't exceed the limit, whatever the outcome of those under way. */
  async #place(key: string, most: number): Promise<Line> {
    for (;;) {
      const failed = await this.#failed(key);
      if (failed >= most) throw tooMany(await this.wait(key));
      const line = this.#lines.get(key) ?? { underWay: 0, waiting: [] };
      this.#lines.set(key, line);
      if (failed + line.underWay < most) {
        line.underWay += 1;
        return line;
      }
      if (line.waiting.length >= mostWaiting) throw tooMany(1000);
      await new Promise<void>((resolve) => line.waiting.push(resolve));
    }
  }
}

/** The most recent entries, up to a limit. */
class Recent<Value> {
  readonly #noted = new Map<string, Value>();

  get(key: string): Value | undefined {
    return this.#noted.get(key);
  }

  set(key: string, value: Value): void {
    this.#noted.delete(key);
    this.#noted.set(key, value);
    const [oldest] = this.#noted.keys();
    if (this.#noted.size > mostRemembered && oldest !== undefined) this.#noted.delete(oldest);
  }
}
