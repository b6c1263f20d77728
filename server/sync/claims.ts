import type { ParticipantId, RecommendationId } from '../../shared/protocol/ids.ts';

/** Client ids that are remembered of one participant: each page that is opened has one. */
const mostOfAParticipant = 256;
/** How long an id is remembered that has not written yet, ms: for as long as somebody may be away with unsent words. */
const rememberedFor = 7 * 24 * 3600_000;

interface Claim {
  readonly participant: ParticipantId;
  /** By the clock that nobody sets. */
  readonly at: number;
}

/**
 * Whose a client id is that hasn't written yet: the participant's who named it first, connected or not. It may have
 * written offline; if somebody else could take it meanwhile, those words would be refused. Once it has written, the
 * ledger says whose it is, for ever.
 *
 * Remembered by this process alone. After a restart, and on another server, an id that never wrote is whose names it
 * first there; words that are refused for that are given back to their author.
 */
export class Claims {
  readonly #owners = new Map<string, Claim>();
  /** Of each participant, the one that was named last comes last. */
  readonly #named = new Map<ParticipantId, Set<string>>();

  /** Whether an id is nobody else's. */
  mayHave(recommendation: RecommendationId, client: number, participant: ParticipantId): boolean {
    const claim = this.#owners.get(`${recommendation} ${client}`);
    return claim === undefined || claim.participant === participant || performance.now() - claim.at > rememberedFor;
  }

  /** Notes an id that `mayHave` allowed. */
  note(recommendation: RecommendationId, client: number, participant: ParticipantId): void {
    const key = `${recommendation} ${client}`;
    const before = this.#owners.get(key);
    if (before !== undefined) this.#forget(key, before.participant);
    this.#owners.set(key, { participant, at: performance.now() });
    const named = this.#named.get(participant) ?? new Set();
    this.#named.set(participant, named.add(key));
    const [oldest] = named;
    if (named.size > mostOfAParticipant && oldest !== undefined) this.#forget(oldest, participant);
  }

  #forget(key: string, participant: ParticipantId): void {
    this.#owners.delete(key);
    const named = this.#named.get(participant);
    named?.delete(key);
    if (named?.size === 0) this.#named.delete(participant);
  }
}
