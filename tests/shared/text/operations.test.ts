import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { newClauseId } from '../../../shared/protocol/ids.ts';
import { type Clause, clauseText, noMarks, type RunMarks } from '../../../shared/text/clause.ts';
import { clauseElement, operate, readText, textOf } from '../../../shared/text/document.ts';
import { operated, type TextOperation, type WordOperation } from '../../../shared/text/operations.ts';
import { clauseId, del, ins, mark, op, show } from '../../helpers/texts.ts';

const documentOf = (text: readonly Clause[]): Y.Doc => {
  const doc = new Y.Doc();
  textOf(doc).insert(0, text.map(clauseElement));
  return doc;
};
const text = [op('c1', 'Urge ', ins('arg1', 'all '), 'states'), op('c2', 'Invite ', del('bra1', 'organs')), op('c3')];
const [c1, c2, c3] = [clauseId('c1'), clauseId('c2'), clauseId('c3')];
const inserted: RunMarks = { ...noMarks, insertion: [mark('can1')] };

describe('[DISP4] Operations on a text', () => {
  it.each<[string, TextOperation[], string[]]>([
    ['nothing', [], ['Urge {+arg1 all }states', 'Invite {-bra1 organs}', '']],
    [
      'words go, stay, and come',
      [
        {
          op: 'keep',
          clause: c1,
          insertion: null,
          words: [
            { keep: 5, marks: noMarks },
            { strike: 4 },
            { insert: 'many ', marks: inserted },
            { keep: 6, marks: noMarks },
          ],
        },
      ],
      ['Urge {+can1 many }states', 'Invite {-bra1 organs}', ''],
    ],
    [
      'words come into an empty clause',
      [{ op: 'keep', clause: c3, insertion: null, words: [{ insert: 'Act', marks: noMarks }] }],
      ['Urge {+arg1 all }states', 'Invite {-bra1 organs}', 'Act'],
    ],
    [
      'a clause comes first',
      [{ op: 'insert', clause: op('c9', 'Recall'), after: null }],
      ['Recall', 'Urge {+arg1 all }states', 'Invite {-bra1 organs}', ''],
    ],
    ['a clause goes', [{ op: 'strike', clause: c2 }], ['Urge {+arg1 all }states', '']],
    [
      'a clause moves to the end',
      [{ op: 'move', clause: c1, after: c3 }],
      ['Invite {-bra1 organs}', '', 'Urge {+arg1 all }states'],
    ],
    [
      'a clause is split in the middle of an addition',
      [{ op: 'split', clause: c1, at: 7, into: clauseId('c9') }],
      ['Urge {+arg1 al}', '{+arg1 l }states', 'Invite {-bra1 organs}', ''],
    ],
    [
      'two clauses become one, in the order that is named',
      [{ op: 'merge', clause: c1, into: c2 }],
      ['Invite {-bra1 organs}Urge {+arg1 all }states', ''],
    ],
  ])('%s', (_name, operations, left) => {
    expect(show(operated(text, operations))).toEqual(left);
    const doc = documentOf(text);
    doc.transact(() => operate(doc, readText(doc), operations));
    expect(show(readText(doc))).toEqual(left);
  });

  it('an operation on a clause that is not there, or on more letters than there are, is an error', () => {
    const wrong: TextOperation[] = [
      { op: 'strike', clause: clauseId('c8') },
      { op: 'move', clause: c1, after: clauseId('c8') },
      { op: 'keep', clause: c3, insertion: null, words: [{ keep: 1, marks: noMarks }] },
    ];
    for (const operation of wrong) {
      expect(() => operated(text, [operation])).toThrow(RangeError);
      const doc = documentOf(text);
      expect(() => doc.transact(() => operate(doc, readText(doc), [operation]))).toThrow(RangeError);
    }
  });

  it('the document comes to what the values come to, for any operations', () => {
    const some = fc.record({
      what: fc.constantFrom('keep', 'insert', 'strike', 'move', 'split', 'merge'),
      clause: fc.nat(),
      other: fc.nat(),
      at: fc.nat(40),
      words: fc.array(fc.tuple(fc.constantFrom('keep', 'strike', 'insert'), fc.integer({ min: 1, max: 9 })), {
        maxLength: 6,
      }),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 8 }), (wishes) => {
        const operations: TextOperation[] = [];
        let now: readonly Clause[] = text;
        const add = (operation: TextOperation): void => {
          operations.push(operation);
          now = operated(now, [operation]);
        };
        for (const { what, clause: first, other, at, words } of wishes) {
          // Clauses that go, go last: `operate` keeps the places of the others until then.
          const clause = now[first % Math.max(1, now.length)];
          const second = now[other % Math.max(1, now.length)];
          if (clause === undefined || second === undefined) continue;
          const { length } = clauseText(clause);
          if (what === 'insert')
            add({ op: 'insert', clause: { ...op('c9', 'New'), id: newClauseId() }, after: second.id });
          else if (what === 'move' && clause !== second) add({ op: 'move', clause: clause.id, after: second.id });
          else if (what === 'merge' && clause !== second) add({ op: 'merge', clause: clause.id, into: second.id });
          else if (what === 'split')
            add({ op: 'split', clause: clause.id, at: Math.min(at, length), into: newClauseId() });
          else if (what === 'keep') {
            let left = length;
            const steps = words.flatMap(([step, size]): WordOperation[] => {
              if (step === 'insert') return [{ insert: 'x'.repeat(size), marks: inserted }];
              const take = Math.min(size, left);
              left -= take;
              if (take === 0) return [];
              return [step === 'keep' ? { keep: take, marks: noMarks } : { strike: take }];
            });
            add({ op: 'keep', clause: clause.id, insertion: null, words: steps });
          }
        }
        const last = now[0];
        if (last !== undefined) add({ op: 'strike', clause: last.id });
        const doc = documentOf(text);
        doc.transact(() => operate(doc, readText(doc), operations));
        expect(show(readText(doc))).toEqual(show(now));
        expect(readText(doc).map(({ id }) => id)).toEqual(now.map(({ id }) => id));
      }),
      { numRuns: 300 },
    );
  });
});
