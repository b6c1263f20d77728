import * as Y from 'yjs';
import { verifyLink } from '../../../server/storage/chain.ts';
import type { Entry, Log } from '../../../server/storage/log.ts';
import { Replica } from '../../../server/yjs/replica.ts';
import { decodeHeader, type Header } from '../../../shared/negotiation/entry.ts';
import { isLocked } from '../../../shared/negotiation/state.ts';
import { type PartyCode, type RecommendationId, recommendationLog } from '../../../shared/protocol/ids.ts';
import { type Clause, sameClause } from '../../../shared/text/clause.ts';
import { withoutParty } from '../../helpers/oracle.ts';
import { deletionsOf, unitsOf } from './units.ts';

/**
 * A recommendation's log as a stranger reads it, kept over all kills: what was read once must still be there, and every
 * entry is held against rules that are told here a second time, without the server's own judgement.
 */
export class Record {
  readonly replica = Replica.empty();
  /** By Yjs client and clock: what the log brought there. */
  readonly #units = new Map<number, (string | null)[]>();
  readonly #headers: Header[] = [];
  #deleted: ReturnType<typeof Y.createDeleteSet> | null = null;

  constructor(readonly id: RecommendationId) {}

  /** Reads the entries after those that it knows. Throws at the first that is wrong. */
  async readOn(log: Log): Promise<void> {
    for (;;) {
      const page = await log.read(recommendationLog(this.id), this.replica.sequence, 500);
      for (const entry of page) this.#take(entry);
      if (page.length === 0) return;
    }
  }

  header(sequence: number): Header | undefined {
    return this.#headers[sequence - 1];
  }

  /** What of an update is not in the log, in words; null where all of it is. */
  missing(update: Uint8Array): string | null {
    for (const { client, clock, value } of unitsOf(update)) {
      const known = this.#units.get(client)?.[clock];
      if (known === undefined) return `${client}:${clock} (${value}) is not there`;
      if (known !== value && known !== null && value !== null) return `${client}:${clock} is ${known}, not ${value}`;
    }
    this.#deleted ??= Y.createDeleteSetFromStructStore(this.replica.doc.store);
    for (const { client, from, to } of deletionsOf(update))
      for (let clock = from; clock < to; clock++)
        if (!Y.isDeleted(this.#deleted, Y.createID(client, clock))) return `${client}:${clock} is not deleted`;
    return null;
  }

  #take(entry: Entry): void {
    const { replica } = this;
    const wrong = verifyLink(entry, replica.hash, replica.sequence);
    if (wrong !== null) throw new Error(`entry ${entry.sequence}: ${wrong}`);
    const before = replica.text();
    const locked = before.filter(({ id }) => isLocked(replica.negotiation, id));
    const header = decodeHeader(entry.header);
    replica.apply(entry);
    this.#deleted = null;
    this.#headers.push(header);
    for (const { client, clock, value } of unitsOf(entry.content)) {
      const known = this.#units.get(client) ?? [];
      this.#units.set(client, known);
      if (known.length !== clock) throw new Error(`entry ${entry.sequence} brings ${client}:${clock} a second time`);
      known.push(value);
    }
    const after = replica.text();
    const now = new Map(after.map((clause) => [clause.id, clause]));
    for (const clause of locked) {
      const left = now.get(clause.id);
      if (left === undefined || !sameClause(clause, left))
        throw new Error(`entry ${entry.sequence} changes agreed clause ${clause.id}`);
    }
    const party = partyOf(header);
    if (party === undefined) return;
    const others = (text: readonly Clause[]): string =>
      party === null ? pendingWords(text) : withoutParty(text, party, replica.negotiation);
    if (others(before) !== others(after)) throw new Error(`entry ${entry.sequence} changes others’ words`);
  }
}

/** In whose name somebody typed; null for the base text; undefined for what wasn't typed. */
function partyOf({ actor, onBehalfOf, command }: Header): PartyCode | null | undefined {
  if (command.type !== 'typing' || !('role' in actor)) return undefined;
  return actor.role === 'rapporteur' ? onBehalfOf : actor.party;
}

/** What parties propose to insert: not the rapporteur's to touch. */
const pendingWords = (text: readonly Clause[]): string =>
  JSON.stringify(
    text.map(({ id, insertion, runs }) => {
      const words: [string, string][] = [];
      for (const { text: piece, marks } of runs) {
        if (marks.insertion.length === 0) continue;
        const last = words.at(-1);
        if (last?.[1] === marks.insertion.join()) last[0] += piece;
        else words.push([piece, marks.insertion.join()]);
      }
      return [id, insertion, words];
    }),
  );
