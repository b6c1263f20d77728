import * as Y from 'yjs';
import { Room } from '../../../server/room/room.ts';
import type { Log } from '../../../server/storage/log.ts';
import type { Principal } from '../../../shared/meeting/principal.ts';
import { clausesEntered } from '../../../shared/negotiation/families/clause/events.ts';
import { onWhatIsSeen, registry, type Wish } from '../../../shared/negotiation/registry.ts';
import {
  type MarkId,
  newClauseId,
  newMarkId,
  ParticipantId,
  PartyCode,
  type RecommendationId,
} from '../../../shared/protocol/ids.ts';
import { type Clause, noMarks } from '../../../shared/text/clause.ts';
import { markKey, textOf } from '../../../shared/text/document.ts';
import { randomFrom } from '../../helpers/random.ts';
import { recommendations } from './text.ts';

const codes = ['ARG', 'BRA', 'CAN', 'COL', 'ECU', 'PRY', 'VEN', 'CIM', 'DMS', 'IACHR'];
const delegates = codes.map(
  (code): Principal => ({
    participant: ParticipantId.parse(`delegate-of-${code.toLowerCase()}`),
    name: code,
    party: PartyCode.parse(code),
    role: 'delegate',
  }),
);
const chair: Principal = {
  participant: ParticipantId.parse('chair-of-all'),
  name: 'Chair',
  party: null,
  role: 'chair',
};

/** Amendments from one open page: each page has a client id. */
const amendmentsEach = 20;
const letters = 'proposed words ';

/** A delegate's open page: a document that gets the room's updates, and types into it. */
class Page {
  readonly doc = new Y.Doc();
  readonly #room: Room;
  readonly #who: Principal;
  readonly #stop: () => void;
  #typed: Uint8Array[] = [];

  constructor(room: Room, who: Principal) {
    this.#room = room;
    this.#who = who;
    Y.applyUpdate(this.doc, room.stateFor(), 'server');
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'server') this.#typed.push(update);
    });
    this.#stop = room.onShown(({ update }) => {
      if (update.length > 0) Y.applyUpdate(this.doc, update, 'server');
    });
  }

  /** Types letters one by one into a clause: each is an update, as an editor sends it, and so an entry. */
  async propose(clause: number, where: number, id: MarkId, count: number): Promise<void> {
    const element = textOf(this.doc).get(clause);
    const text = element instanceof Y.XmlElement ? element.get(0) : null;
    if (!(text instanceof Y.XmlText)) throw new Error('no text to write in');
    const at = Math.floor(where * text.length);
    const sent: Promise<unknown>[] = [];
    for (let letter = 0; letter < count; letter++) {
      text.insert(at + letter, letters.charAt(letter % letters.length), { [markKey('insertion', id)]: { id } });
      sent.push(...this.#typed.splice(0).map((update) => this.#submit(update)));
    }
    await Promise.all(sent);
  }

  close(): void {
    this.#stop();
    this.doc.destroy();
  }

  #submit(update: Uint8Array): Promise<unknown> {
    const who = this.#who;
    return this.#room.submit({
      kind: 'edit',
      onBehalfOf: null,
      update: update,
      writer: {
        principal: who,
        capacity: () => ({ proposesFor: PartyCode.parse(who.party) }),
        clients: new Set([this.doc.clientID]),
        mayBind: () => true,
      },
    });
  }
}

/**
 * Writes a recommendation's log through the regular interfaces: a hundred clauses are imported, ten delegations type
 * amendments of so many letters from one page after the other, and each is adopted, not adopted or withdrawn.
 */
export async function writeRecord(log: Log, id: RecommendationId, entries: number, lettersEach: number): Promise<void> {
  const random = randomFrom(2005);
  let clock = 1_100_000_000_000;
  const room = await Room.open(id, log, () => {
    clock += 1000;
    return clock;
  });
  const text = recommendations.slice(0, 10).flatMap(({ clauses }) =>
    clauses.map(
      (clause): Clause => ({
        id: newClauseId(),
        kind: 'operative',
        level: 0,
        insertion: null,
        runs: [{ text: clause.text, marks: noMarks }],
      }),
    ),
  );
  const known = [clausesEntered.make({ clauses: text.map(({ id }) => id), sponsors: [] })];
  await room.submit({
    kind: 'text',
    by: { operator: 'importer' },
    source: 'bench',
    text: text,
    events: known,
  });
  const order = (wish: Wish, by: Principal): Promise<unknown> => {
    const command = onWhatIsSeen({ text: room.text(), negotiation: room.negotiation }, wish);
    return room.submit({
      kind: 'command',
      by,
      onBehalfOf: null,
      command,
      commands: registry,
      terms: () => ({ principal: by, meeting: { parties: new Map(), drafting: true } }),
    });
  };
  for (let tab = 0; room.sequence < entries; tab++) {
    const who = delegates[tab % delegates.length] ?? chair;
    await room.settled();
    const page = new Page(room, who);
    for (let amendment = 0; amendment < amendmentsEach && room.sequence < entries; amendment++) {
      const mark = newMarkId();
      const count = Math.min(lettersEach, entries - room.sequence);
      await page.propose(Math.floor(random() * text.length), random(), mark, count);
      if (room.sequence >= entries) break;
      const fate = random();
      if (fate < 0.25) await order({ type: 'adopt', amendments: [mark] }, chair);
      else if (fate < 0.75) await order({ type: 'not-adopt', amendments: [mark] }, chair);
      else await order({ type: 'withdraw', amendment: mark }, who);
    }
    page.close();
  }
  await room.settled();
}
