import type { ParticipantId, RecommendationId } from '../../shared/protocol/ids.ts';

/** Client ids that are remembered of one participant: each open page has one. */
const mostOfAParticipant = 256;
/** Time, ms, for which an id without writing is remembered: people may be away with unsent words for that long. */
const rememberedFor = 7 * 24 * 3600_000;

interface Claim {
  readonly participant: ParticipantId;
  /** By a monotonic clock. */
  readonly at: number;
}

/**
 * The owner of a client id that hasn't written yet: the participant who named it first, connected or not. The client
 * may have written offline; if another participant could take its id meanwhile, those words would be refused. Once it
 * has written, the negotiation state records its owner for ever.
 *
 * Only this process remembers it. After a restart, and on another server, an id that never wrote belongs to the first
 * participant who names it there; words that are refused for that reason are given back to their author.
 */
export class Claims {
  readonly #owners = new Map<string, Claim>();
  /** Of each participant, the id that was named last comes last. */
  readonly #named = new Map<ParticipantId, Set<string>>();

  /** Whether an id belongs to nobody else. */
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
