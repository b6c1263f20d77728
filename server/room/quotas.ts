import * as Y from 'yjs';
import type { Principal } from '../../shared/meeting/principal.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import type { MarkId, PartyCode } from '../../shared/protocol/ids.ts';
import type { Capacity } from '../../shared/text/authority.ts';
import { type Clause, changedClauses } from '../../shared/text/clause.ts';
import { readMark, textOf } from '../../shared/text/document.ts';
import type { UpdateStructure } from '../yjs/decode.ts';
import type { Replica } from '../yjs/replica.ts';

/**
 * Limits of one participant in one recommendation, for its whole lifetime. Yjs keeps a trace of every deleted struct,
 * and the log keeps every entry: so deleted content counts as well. Units are letters, beginnings and ends of marks,
 * texts and clauses; structs are their remains in memory; each mark is an entry of the negotiation state, which every
 * reader receives. A person who types for a whole day in one text makes some twenty thousand units.
 */
const mostUnits = 3_000_000;
const mostStructs = 40_000;
const mostMarks = 3_000;
const mostClients = 1_000;
/**
 * Multiples of these limits for all participants of a party together, and for the secretariat, which writes for
 * everybody.
 */
const forParty = 3;
const forSecretariat = 10;
/** New marks in one update: each is registered, mirrored and sent. */
const mostNewMarks = 600;
/** Units after which the totals of a client's author are counted again. */
const countedEvery = 256;

/**
 * Before an update is applied: throws `quota-reached` where it brings something new and its author, or the author's
 * party, is at the limit; `update-too-large` where it brings too many marks at once. Updates that only delete always
 * pass.
 */
export function checkQuotas(
  structure: UpdateStructure,
  { doc, negotiation }: Replica,
  newClients: number,
  principal: Principal,
  capacity: () => Capacity,
): void {
  const marks = [...structure.marks].filter((id) => !negotiation.marks.has(id)).length;
  if (marks > mostNewMarks) throw new ConcordError('update-too-large');
  const more = newClients > 0 || isDue(structure, doc);
  if (marks === 0 && !more) return;
  const assertWithin = ({ units, structs, marks, clients }: Usage, times: number): void => {
    if (
      units > mostUnits * times ||
      structs > mostStructs * times ||
      marks > mostMarks * times ||
      clients > mostClients * times
    )
      throw new ConcordError('quota-reached');
  };
  const now = capacity();
  const party = 'proposesFor' in now ? now.proposesFor : principal.party;
  const own = { units: 0, structs: 0, marks, clients: newClients };
  const shared = { units: 0, structs: 0, marks, clients: newClients };
  if (marks > 0)
    for (const mark of negotiation.marks.values()) {
      if (mark.participant === principal.participant) own.marks += 1;
      if (mark.party === party) shared.marks += 1;
    }
  if (more) {
    for (const [client, owner] of negotiation.clients) {
      const isOwn = owner.participant === principal.participant;
      if (!isOwn && (owner.party === null || owner.party !== principal.party)) continue;
      const structs = doc.store.clients.get(client)?.length ?? 0;
      for (const sum of isOwn ? [own, shared] : [shared]) {
        sum.units += Y.getState(doc.store, client);
        sum.structs += structs;
        sum.clients += 1;
      }
    }
    for (const [client, { to, structs }] of structure.blocks) {
      const units = Math.max(0, to - Y.getState(doc.store, client));
      for (const sum of [own, shared]) {
        sum.units += units;
        sum.structs += units === 0 ? 0 : structs.length;
      }
    }
  }
  const times = principal.role === 'rapporteur' ? forSecretariat : 1;
  assertWithin(own, times);
  if (party !== null) assertWithin(shared, times * forParty);
}

interface Usage {
  readonly units: number;
  readonly structs: number;
  readonly marks: number;
  readonly clients: number;
}

const isDue = ({ blocks }: UpdateStructure, { store }: Y.Doc): boolean =>
  [...blocks].some(
    ([client, { to }]) => Math.floor(to / countedEvery) > Math.floor(Y.getState(store, client) / countedEvery),
  );

/**
 * Limits of a party's pending content in a clause, and of its proposed clauses, so that there is room for the others:
 * `own`, and `all` parties together, of which each has `always` regardless of the others. Edits of the base text and
 * decisions are subject to the document's own limits alone (`shared/text/document.ts`, `validate.ts`), which are far
 * above.
 */
interface Share {
  readonly own: number;
  readonly all: number;
  readonly always: number;
}
const ownLetters = 8_000;
const lettersInClause: Share = { own: ownLetters, all: 100_000, always: 1_000 };
const ownClauses = 200;
const proposedClauses: Share = { own: ownClauses, all: 2_000, always: 20 };
/** Marks that overlap at one place. */
const ownAtOnce = 16;
const marksAtOnce: Share = { own: ownAtOnce, all: 128, always: 2 };
/** Marks on each piece of a clause, summed over all pieces. */
const ownMarked = 5_000;
const markedPieces: Share = { own: ownMarked, all: 20_000, always: 500 };
/** Beginnings and ends of marks in a clause. */
const ownMarkers = 2_500;
const markersInClause: Share = { own: ownMarkers, all: 10_000, always: 200 };
/** Limits for the rapporteur: words in force in a clause, and clauses in force. */
const longestBase = 60_000;
const mostBaseClauses = 2_000;

interface Amount {
  readonly own: number;
  readonly all: number;
}
const isOver = ({ own, all }: Amount, share: Share): boolean =>
  own > share.own || (all > share.all && own > share.always);

/**
 * On the outcome of an update, once marks that Yjs moved are put back: throws `share-used-up` where the author's party
 * exceeds its share and this update added to it; `update-too-large` for an edit of the base text.
 */
export function checkShares(
  head: Replica,
  before: readonly Clause[],
  after: readonly Clause[],
  capacity: Capacity,
  structure: UpdateStructure,
): void {
  const party = 'proposesFor' in capacity ? capacity.proposesFor : null;
  const ownerOf = (id: MarkId): PartyCode | null => head.negotiation.marks.get(id)?.party ?? party;
  const { changes } = changedClauses(before, after);
  for (const { was, is } of changes) {
    if (is === undefined) continue;
    const [then, now] = [was === undefined ? noLetters : lettersOf(was, party, ownerOf), lettersOf(is, party, ownerOf)];
    if (party === null) {
      if (now.base > longestBase && now.base > then.base) throw new ConcordError('update-too-large', { clause: is.id });
    } else if (now.own > then.own && isOver(now, lettersInClause))
      throw new ConcordError('share-used-up', { clause: is.id });
  }
  if (after.length > before.length) {
    if (party === null) {
      if (after.filter(({ insertion }) => insertion === null).length > mostBaseClauses)
        throw new ConcordError('update-too-large');
    } else {
      const proposed = after.filter(({ insertion }) => insertion !== null);
      const own = proposed.filter(({ insertion }) => insertion !== null && ownerOf(insertion) === party).length;
      if (isOver({ own, all: proposed.length }, proposedClauses)) throw new ConcordError('share-used-up');
    }
  }
  if (party === null || structure.blocks.size === 0) return;
  const fragment = textOf(head.doc);
  for (const { is } of changes) {
    const element = is === undefined ? null : fragment.get(after.indexOf(is));
    for (const text of element instanceof Y.XmlElement ? element.toArray() : [])
      if (text instanceof Y.XmlText && isTooHeavy(text, party, ownerOf, structure, head))
        throw new ConcordError('share-used-up', is === undefined ? {} : { clause: is.id });
  }
}

interface Letters extends Amount {
  readonly base: number;
}
const noLetters: Letters = { own: 0, all: 0, base: 0 };

function lettersOf({ runs }: Clause, party: PartyCode | null, ownerOf: (id: MarkId) => PartyCode | null): Letters {
  const letters = { own: 0, all: 0, base: 0 };
  for (const { text, marks } of runs) {
    if (marks.insertion.length === 0) letters.base += text.length;
    else letters.all += text.length;
    if (party !== null && marks.insertion.some((id) => ownerOf(id) === party)) letters.own += text.length;
  }
  return letters;
}

function isTooHeavy(
  text: Y.XmlText,
  party: PartyCode,
  ownerOf: (id: MarkId) => PartyCode | null,
  { blocks }: UpdateStructure,
  { negotiation }: Replica,
): boolean {
  const open = new Map<string, boolean>();
  const pieces = { own: 0, all: 0 };
  const markers = { own: 0, all: 0 };
  let ownOpen = 0;
  for (let item = text._start; item !== null; item = item.right) {
    if (item.deleted) continue;
    if (!(item.content instanceof Y.ContentFormat)) {
      pieces.all += open.size;
      pieces.own += ownOpen;
      continue;
    }
    const { client } = item.id;
    markers.all += 1;
    if (blocks.has(client) || negotiation.clients.get(client)?.party === party) markers.own += 1;
    const { key, value } = item.content;
    if (open.get(key) === true) ownOpen -= 1;
    open.delete(key);
    if (value !== null) {
      const isOwn = ownerOf(readMark(key, value).id) === party;
      open.set(key, isOwn);
      if (isOwn) ownOpen += 1;
      if (isOver({ own: ownOpen, all: open.size }, marksAtOnce)) return true;
    }
  }
  return isOver(pieces, markedPieces) || isOver(markers, markersInClause);
}
