import { describe, expect, it } from 'vitest';
import type * as Y from 'yjs';
import type { Replica } from '../../../server/yjs/replica.ts';
import type { MarkRecord } from '../../../shared/negotiation/state.ts';
import { MarkId, newClauseId, newMarkId } from '../../../shared/protocol/ids.ts';
import { type Clause, clauseText, noMarks } from '../../../shared/text/clause.ts';
import { clauseElement, markKey } from '../../../shared/text/document.ts';
import { encodeUpdate, noUpdate, type Struct } from '../../helpers/fuzz/update.ts';
import { wordsAt } from '../../helpers/negotiated.ts';
import { headOf, Screen } from '../../helpers/screen.ts';
import { clauseId, delegate, op, participant, party, rapporteur } from '../../helpers/texts.ts';

const head = (): Replica => headOf([op('c1', 'Urge states to act'), op('c2', 'Invite organs to report')]);
const ins = (id = newMarkId()) => ({ [markKey('insertion', id)]: { id } });
const note = (id = newMarkId()) => ({ [markKey('comment', id)]: { id } });
const markOf = (code: string, at: number): readonly [MarkId, MarkRecord] => [
  MarkId.parse(`${code}${String(at).padStart(8, '0')}`),
  {
    kind: 'comment',
    party: party(code),
    typedBy: `Delegate of ${code}`,
    participant: delegate(code).participant,
    at: 1,
    clause: clauseId('c1'),
    state: 'open',
  },
];
const proposal = (id = newMarkId()): Clause => ({
  id: newClauseId(),
  kind: 'operative',
  level: 0,
  insertion: id,
  runs: [{ text: 'x', marks: { ...noMarks, insertion: [id] } }],
});
const argentina = delegate('ARG');
const brazil = delegate('BRA');

describe('[ROOM7] One account’s content in a text is limited', () => {
  it('marks that are made and deleted again; what only deletes still passes, and others go on', () => {
    const replica = head();
    for (let at = 0; at < 2950; at++) replica.negotiation.marks.set(...markOf('ARG', at));
    const screen = new Screen(replica, argentina);
    const make = (words: (clause: number) => Y.XmlText): void => {
      for (let at = 0; at < 20; at++) words(0).insert(5, 'x', ins());
    };
    expect(screen.change(make)).toBe('accepted');
    expect(screen.change((words) => words(0).delete(5, 20))).toBe('accepted');
    expect(screen.change(make)).toBe('accepted');
    expect(screen.change(make)).toBe('quota-reached');
    expect(screen.change((words) => words(0).delete(5, 20))).toBe('accepted');
    expect(new Screen(replica, brazil).change((words) => words(0).insert(0, 'x', ins()))).toBe('accepted');
    const behalf = new Screen(replica, rapporteur, { proposesFor: party('ARG') });
    expect(behalf.change((words) => words(0).insert(0, 'x', ins()))).toBe('accepted');
  });

  it('marks of all of a party together', () => {
    const replica = head();
    for (let at = 0; at < 9000; at++) {
      const [id, record] = markOf('ARG', at);
      replica.negotiation.marks.set(id, { ...record, participant: participant('somebodyelse') });
    }
    expect(new Screen(replica, argentina).change((words) => words(0).insert(0, 'x', ins()))).toBe('quota-reached');
    expect(new Screen(replica, brazil).change((words) => words(0).insert(0, 'x', ins()))).toBe('accepted');
  });

  it('client ids', () => {
    const replica = head();
    for (let at = 0; at < 1000; at++)
      replica.negotiation.clients.set(100 + at, { participant: argentina.participant, party: argentina.party });
    expect(new Screen(replica, argentina).change((words) => words(0).insert(0, 'x', ins()))).toBe('quota-reached');
    expect(new Screen(replica, brazil).change((words) => words(0).insert(0, 'x', ins()))).toBe('accepted');
  });

  it('letters, also those that were deleted again', () => {
    const replica = head();
    const screen = new Screen(replica, argentina);
    const taken = (clock: number): Uint8Array => {
      const first = wordsAt(replica.doc, 0)._start?.id;
      if (first === undefined) throw new Error('no words');
      const { client } = first;
      const struct: Struct = {
        origin: clock === 0 ? { client, clock: first.clock } : { client: screen.doc.clientID, clock: clock - 1 },
        rightOrigin: { client, clock: first.clock + 1 },
        parent: null,
        parentSub: null,
        content: { of: 'deleted', length: 1_000_000 },
        odd: 0,
      };
      return encodeUpdate({
        ...noUpdate,
        blocks: [{ client: screen.doc.clientID, clock, structs: [struct], count: null }],
      });
    };
    for (const clock of [0, 1_000_000, 2_000_000]) expect(screen.send(taken(clock))).toBe('accepted');
    expect(screen.send(taken(3_000_000))).toBe('quota-reached');
  });
});

describe('[ROOM7] Of what a clause and a text can hold, each party has a share', () => {
  const both = (fill: (screen: Screen) => string, more: Parameters<Screen['change']>[0]): void => {
    const replica = head();
    const screen = new Screen(replica, argentina);
    expect(fill(screen)).toBe('accepted');
    expect(screen.change(more)).toBe('share-used-up');
    // Others have theirs, and the rapporteur edits the base text.
    expect(new Screen(replica, brazil).change(more)).toBe('accepted');
    expect(new Screen(replica, rapporteur).change((words) => words(0).insert(0, 'Strongly '))).toBe('accepted');
  };

  it('letters of a clause', () =>
    both(
      (screen) => screen.change((words) => words(0).insert(5, 'x'.repeat(8000), ins())),
      (words) => words(0).insert(0, 'y', ins()),
    ));

  it('marks over each other', () =>
    both(
      (screen) =>
        screen.change((words) => {
          for (let at = 0; at < 16; at++) words(0).format(0, 6, note());
        }),
      (words) => words(0).format(2, 2, note()),
    ));

  it('beginnings and ends of marks', () =>
    both(
      (screen) => {
        screen.change((words) => words(0).insert(5, 'x'.repeat(1250), ins()));
        for (let part = 0; part < 3; part++) {
          const marked = screen.change((words) => {
            for (let at = 416 * part; at < 416 * (part + 1) + Math.floor(part / 2); at++)
              words(0).format(5 + at, 1, note());
          });
          expect(marked).toBe('accepted');
        }
        return 'accepted';
      },
      (words) => words(0).format(0, 1, note()),
    ));

  it('proposed clauses', () =>
    both(
      (screen) =>
        screen.change((_, text) =>
          text.insert(
            2,
            Array.from({ length: 200 }, () => clauseElement(proposal())),
          ),
        ),
      (_, text) => text.insert(2, [clauseElement(proposal())]),
    ));

  it('a party above its share may delete some of it', () => {
    const replica = head();
    const screen = new Screen(replica, argentina);
    expect(screen.change((words) => words(0).insert(5, 'x'.repeat(8000), ins()))).toBe('accepted');
    expect(screen.change((words) => words(0).delete(5, 10))).toBe('accepted');
    expect(screen.change((words) => words(0).insert(5, 'y', ins()))).toBe('accepted');
    expect(clauseText(replica.text()[0] ?? op('none')).length).toBe(8000 - 10 + 1 + 'Urge states to act'.length);
  });
});
