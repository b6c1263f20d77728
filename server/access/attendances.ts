import { ConcordError } from '../../shared/protocol/errors.ts';
import type { AccountId, ParticipantId } from '../../shared/protocol/ids.ts';
import type { Accreditations } from './accreditations.ts';
import type { Sessions } from './sessions.ts';

/**
 * An ended session, all ended sessions of an account, or an ended accreditation, so that live connections are closed at
 * once.
 */
export interface Ended {
  readonly session?: string;
  readonly account?: AccountId;
  readonly participant?: ParticipantId;
}

/** A socket or stream, which lasts longer than a request, and the session in whose name it is open. */
export interface Attendance {
  readonly session: string;
  readonly account: AccountId;
  /** The participant in whose name it is open; null for an administrator's. */
  readonly participant: ParticipantId | null;
}

/** Sockets and streams of one account at a time: enough for tabs, a limit for a program that opens them without end. */
export const mostAttendances = 300;
/** Attendances in one query of the store. */
const lookedAtOnce = 500;

/** The open sockets and streams, with the functions that close them. */
export class Attendances {
  readonly #sessions: Pick<Sessions, 'valid'>;
  readonly #accreditations: Pick<Accreditations, 'among'>;
  readonly #open = new Set<Attendance>();
  readonly #listeners = new Set<(ended: Ended) => void>();

  constructor(sessions: Pick<Sessions, 'valid'>, accreditations: Pick<Accreditations, 'among'>) {
    this.#sessions = sessions;
    this.#accreditations = accreditations;
  }

  /** Returns the function that ends the attendance. Throws `too-many-requests` where the account has `most` already. */
  attend(attendance: Attendance, most: number): () => void {
    let held = 0;
    // Where the number is unlimited, ten thousand of them aren't counted each time.
    if (Number.isFinite(most)) for (const { account } of this.#open) if (account === attendance.account) held += 1;
    if (held >= most) throw new ConcordError('too-many-requests');
    const own = { ...attendance };
    this.#open.add(own);
    return () => {
      this.#open.delete(own);
    };
  }

  onEnded(listener: (ended: Ended) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(ended: Ended): void {
    for (const listener of this.#listeners) listener(ended);
  }

  /** Reports sessions that ended, and accreditations that another account took, on another node or by expiry. */
  async lookAgain(): Promise<void> {
    const all = [...this.#open];
    for (let at = 0; at < all.length; at += lookedAtOnce) {
      const some = all.slice(at, at + lookedAtOnce);
      const valid = await this.#sessions.valid([...new Set(some.map(({ session }) => session))]);
      const participants = [...new Set(some.flatMap(({ participant }) => participant ?? []))];
      const accreditations = await this.#accreditations.among(participants);
      const held = new Set(accreditations.map(({ participant, account }) => `${participant} ${account}`));
      for (const { session, account, participant } of some)
        if (!valid.has(session) || (participant !== null && !held.has(`${participant} ${account}`)))
          this.tell({ session });
    }
  }
}
