import fc from 'fast-check';
import { Fragment, type Node, Slice } from 'prosemirror-model';
import { EditorState, TextSelection } from 'prosemirror-state';
import { describe, expect, it } from 'vitest';
import { clausesOf } from '../../client/editor/clauses.ts';
import { clauseAfter, type Deed, joinBackward, joinForward, newLine } from '../../client/editor/commands.ts';
import { bringIn } from '../../client/editor/paste.ts';
import type { Pen } from '../../client/editor/pen.ts';
import { suggest } from '../../client/editor/suggest.ts';
import { type Hand, permit } from '../../shared/authority.ts';
import type { Clause } from '../../shared/clause.ts';
import { ClauseId, MarkId } from '../../shared/ids.ts';
import { markNames, schema } from '../../shared/schema.ts';
import { del, ins, ledgerOf, op, party, proposed, show } from '../helpers/texts.ts';

/** `|` is the caret, `<` and `>` a selection, in the words as they stand. */
function nodeOf(clause: Clause): Node {
  return schema.node(
    'clause',
    { id: clause.id, kind: clause.kind, level: clause.level, insertion: clause.insertion },
    clause.runs.map(({ text, marks }) =>
      schema.text(
        text,
        markNames.flatMap((name) => marks[name].map((id) => schema.mark(name, { id }))),
      ),
    ),
  );
}

const argentina: Hand = { proposesFor: party('ARG') };
const base: Hand = { edits: 'base' };

function penOf(text: readonly Clause[], hand: Hand | null): Pen {
  let made = 0;
  return {
    hand,
    ledger: ledgerOf(text),
    newMark: () => MarkId.parse(`new${++made}`.padEnd(8, '0')),
    newClause: () => ClauseId.parse(`made${++made}`.padEnd(8, '0')),
  };
}

function stateOf(text: readonly Clause[], at: readonly [clause: number, offset: number], to = at): EditorState {
  const doc = schema.node('doc', null, text.map(nodeOf));
  const place = ([clause, offset]: readonly [number, number]): number => {
    let position = 0;
    for (let index = 0; index < clause; index++) position += doc.child(index).nodeSize;
    return position + 1 + offset;
  };
  return EditorState.create({ doc, selection: TextSelection.create(doc, place(at), place(to)) });
}

/** What comes of it; it must be what the server permits. */
function outcome(state: EditorState, after: Node, pen: Pen): string[] {
  if (pen.hand !== null) permit({ before: clausesOf(state.doc), after: clausesOf(after) }, pen.hand, pen.ledger);
  return show(clausesOf(after));
}

const type = (
  text: readonly Clause[],
  words: string,
  hand: Hand | null,
  ...where: [readonly [number, number], (readonly [number, number])?]
) => {
  const state = stateOf(text, ...where);
  const pen = penOf(text, hand);
  const { from, to } = state.selection;
  const after = suggest(words === '' ? state.tr.delete(from, to) : state.tr.insertText(words, from, to), state, pen);
  return { text: outcome(state, after.doc, pen), caret: after.selection.$head.parentOffset };
};
const perform = (text: readonly Clause[], deed: Deed, hand: Hand | null, at: readonly [number, number], to = at) => {
  const state = stateOf(text, at, to);
  const pen = penOf(text, hand);
  const tr = deed(state, pen);
  return tr === null
    ? null
    : { text: outcome(state, tr.doc, pen), caret: tr.selection.$head.parentOffset, in: tr.selection.$head.index(0) };
};

describe('[ED1] What a delegate types is proposed in the party’s name', () => {
  const text = [op('c1', 'Urge states')];
  it.each([
    [
      'words in the base are an insertion',
      [op('c1', 'Urge states')],
      'all ',
      [0, 5],
      [0, 5],
      ['Urge {+new1 all }states'],
    ],
    [
      'words over others strike them, as one replacement',
      text,
      'Call on',
      [0, 0],
      [0, 4],
      ['{-new1 Urge}{+new1 Call on} states'],
    ],
    ['deleted words are struck', text, '', [0, 0], [0, 5], ['{-new1 Urge }states']],
    [
      'own pending words really go',
      [op('c1', 'Urge ', ins('arg1', 'all '), 'states')],
      '',
      [0, 5],
      [0, 9],
      ['Urge states'],
    ],
    [
      'own pending words are really edited',
      [op('c1', 'Urge ', ins('arg1', 'all '), 'states')],
      'ev',
      [0, 6],
      [0, 7],
      ['Urge {+arg1 aevl }states'],
    ],
    [
      'typing beside an own insertion continues it',
      [op('c1', 'Urge ', ins('arg1', 'all '), 'states')],
      'the ',
      [0, 9],
      [0, 9],
      ['Urge {+arg1 all the }states'],
    ],
    [
      'inside another party’s insertion both halves stay theirs',
      [op('c1', 'Urge ', ins('can1', 'all member '), 'states')],
      'the ',
      [0, 9],
      [0, 9],
      ['Urge {+can1 all }{+new1 the }{+can1 member }states'],
    ],
    [
      'another party’s insertion is struck, not deleted',
      [op('c1', 'Urge ', ins('can1', 'all '), 'states')],
      '',
      [0, 5],
      [0, 9],
      ['Urge {-new1 {+can1 all }}states'],
    ],
    [
      'two parties may strike the same words',
      [op('c1', del('can1', 'Urge '), 'states')],
      '',
      [0, 0],
      [0, 5],
      ['{-new1 {-can1 Urge }}states'],
    ],
    [
      'what one has struck is not struck twice',
      [op('c1', del('arg1', 'Urge '), 'states')],
      '',
      [0, 0],
      [0, 5],
      ['{-arg1 Urge }states'],
    ],
    [
      'own words in the middle go, the rest is struck',
      [op('c1', 'Urge ', ins('arg1', 'all '), 'states')],
      '',
      [0, 3],
      [0, 11],
      ['Urg{-arg1 e st}ates'],
    ],
    [
      'a stretch over two clauses is struck in both',
      [op('c1', 'Urge states'), op('c2', 'to act')],
      '',
      [0, 5],
      [1, 2],
      ['Urge {-new1 states}', '{-new1 to} act'],
    ],
  ] as const)('%s', (_name, clauses, words, from, to, expected) => {
    expect(type([...clauses], words, argentina, from, to).text).toEqual(expected);
  });

  it('puts the caret behind typed words, and before words that Backspace struck', () => {
    expect(type(text, 'Call on', argentina, [0, 0], [0, 4]).caret).toBe(11);
    const state = stateOf(text, [0, 4]);
    const head = state.selection.head;
    const after = suggest(state.tr.delete(head - 1, head), state, penOf(text, argentina));
    expect(after.selection.$head.parentOffset).toBe(3);
    const forward = suggest(state.tr.delete(head, head + 1), state, penOf(text, argentina));
    expect(forward.selection.$head.parentOffset).toBe(5);
  });

  it('leaves the text alone when only formats change', () => {
    const state = stateOf(text, [0, 0], [0, 4]);
    const after = suggest(
      state.tr.addMark(1, 5, schema.mark('origin', { id: 'forged00' })),
      state,
      penOf(text, argentina),
    );
    expect(show(clausesOf(after.doc))).toEqual(['Urge states']);
  });

  it('keeps the mark that an IME was given', () => {
    const state = stateOf(text, [0, 11]);
    const id = 'ime00000';
    const after = suggest(
      state.tr.replaceWith(12, 12, schema.text('に', [schema.mark('insertion', { id })])),
      state,
      penOf(text, argentina),
    );
    expect(show(clausesOf(after.doc))).toEqual(['Urge states{+ime に}']);
  });
});

describe('[ED2] A new line is a proposed clause', () => {
  it('at the end of a clause', () => {
    expect(perform([op('c1', 'Urge states')], newLine, argentina, [0, 11])).toEqual({
      text: ['Urge states', ''],
      caret: 0,
      in: 1,
    });
  });
  it('before a clause, from its very start', () => {
    expect(perform([op('c1', 'Urge states')], newLine, argentina, [0, 0])).toEqual({
      text: ['', 'Urge states'],
      caret: 0,
      in: 0,
    });
  });
  it('in the middle of words strikes the rest and proposes it again', () => {
    expect(perform([op('c1', 'Urge states')], newLine, argentina, [0, 4])).toEqual({
      text: ['Urge{-new1  states}', '{+new1  states}'],
      caret: 0,
      in: 1,
    });
  });
  it('in an own proposed clause really splits it', () => {
    expect(perform([proposed('c1', 'arg1', ins('arg1', 'Urge states'))], newLine, argentina, [0, 4])?.text).toEqual([
      '{+arg1 Urge}',
      '{+new1  states}',
    ]);
  });
  it('in the base text, by the rapporteur, really splits it', () => {
    expect(perform([op('c1', 'Urge states')], newLine, base, [0, 4])?.text).toEqual(['Urge', ' states']);
  });
  it('does not move base words that a party has struck', () => {
    expect(perform([op('c1', 'Urge ', del('can1', 'states'))], newLine, base, [0, 4])?.text).toEqual([
      'Urge {-can1 states}',
      '',
    ]);
  });
  it('after the clause with the caret, wherever the caret is', () => {
    expect(perform([op('c1', 'Urge states'), op('c2', 'Act')], clauseAfter, argentina, [0, 4])?.text).toEqual([
      'Urge states',
      '',
      'Act',
    ]);
  });
  it('each further line of a paste is one', () => {
    const text = [op('c1', 'Urge states')];
    const state = stateOf(text, [0, 11]);
    const pen = penOf(text, argentina);
    const tr = bringIn(state, 12, 12, [' now', 'and soon', 'and later'], pen);
    expect(outcome(state, tr.doc, pen)).toEqual(['Urge states{+new1  now}', '{+new2 and soon}', '{+new4 and later}']);
  });
});

describe('[ED3] Clauses are joined only where they are the hand’s own', () => {
  it('Backspace at the start of a base clause only moves the caret', () => {
    expect(perform([op('c1', 'Urge'), op('c2', 'Act')], joinBackward, argentina, [1, 0])).toEqual({
      text: ['Urge', 'Act'],
      caret: 4,
      in: 0,
    });
  });
  it('an own empty clause goes', () => {
    expect(perform([op('c1', 'Urge'), proposed('c2', 'arg1')], joinBackward, argentina, [1, 0])).toEqual({
      text: ['Urge'],
      caret: 4,
      in: 0,
    });
  });
  it('an own clause with words joins the one before', () => {
    expect(
      perform([op('c1', 'Urge'), proposed('c2', 'arg1', ins('arg1', ' all'))], joinBackward, argentina, [1, 0])?.text,
    ).toEqual(['Urge{+arg1  all}']);
  });
  it('an own clause with words of others in it stays', () => {
    const text = [op('c1', 'Urge'), proposed('c2', 'arg1', ins('arg1', 'all '), ins('can1', 'states'))];
    expect(perform(text, joinBackward, argentina, [1, 0])?.text).toEqual(['Urge', '{+arg1 all }{+can1 states}']);
  });
  it('Delete at the end of an own empty clause takes it away', () => {
    expect(perform([proposed('c1', 'arg1'), op('c2', 'Act')], joinForward, argentina, [0, 0])?.text).toEqual(['Act']);
  });
});

describe('[ED4] The rapporteur edits the base text', () => {
  it.each([
    ['words come without a mark', [op('c1', 'Urge states')], 'all ', [0, 5], [0, 5], ['Urge all states']],
    ['words really go', [op('c1', 'Urge all states')], '', [0, 5], [0, 9], ['Urge states']],
    [
      'but not what a party proposes',
      [op('c1', 'Urge ', ins('can1', 'all '), 'states')],
      '',
      [0, 4],
      [0, 10],
      ['Urge{+can1 all }tates'],
    ],
  ] as const)('%s', (_name, clauses, words, from, to, expected) => {
    expect(type([...clauses], words, base, from, to).text).toEqual(expected);
  });
});

describe('[ED5] Whatever is done to the text', () => {
  const words = fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom('a', 'b', ' ', 'é', '語') });
  const part = fc.oneof(
    words,
    words.map((w) => ins('arg1', w)),
    words.map((w) => ins('can1', w)),
    words.map((w) => del('can2', w)),
    words.map((w) => del('arg2', w)),
    words.map((w) => del('can2', ins('arg1', w))),
    words.map((w) => del('arg2', ins('can1', w))),
  );
  const clauses = fc
    .array(fc.tuple(fc.constantFrom(null, 'arg3', 'can3'), fc.array(part, { maxLength: 4 })), {
      minLength: 1,
      maxLength: 4,
    })
    .map((rows) =>
      rows.map(([proposal, parts], at) =>
        proposal === null ? op(`c${at}`, ...parts) : proposed(`c${at}`, proposal, ...parts),
      ),
    );
  const where = fc.tuple(fc.nat(), fc.nat());
  const lines = fc.array(words, { maxLength: 3 });

  it.each([
    ['a delegate', argentina],
    ['the rapporteur', base],
  ] as const)('%s does only what the server permits', (_who, hand) => {
    fc.assert(
      fc.property(
        clauses,
        where,
        lines,
        fc.constantFrom('type', 'paste', 'line', 'back', 'forward', 'after'),
        (text, [a, b], brought, how) => {
          const doc = schema.node('doc', null, text.map(nodeOf));
          const places: number[] = [];
          for (let at = 0; at <= doc.content.size; at++) if (doc.resolve(at).depth === 1) places.push(at);
          const [one = 1, other = 1] = [places[a % places.length], places[b % places.length]];
          const state = EditorState.create({
            doc,
            selection: TextSelection.create(doc, Math.min(one, other), Math.max(one, other)),
          });
          const pen = penOf(text, hand);
          const { from, to } = state.selection;
          const tr =
            how === 'type'
              ? suggest(
                  state.tr.replace(
                    from,
                    to,
                    brought.length === 0 ? Slice.empty : new Slice(Fragment.from(schema.text(brought.join(''))), 0, 0),
                  ),
                  state,
                  pen,
                )
              : how === 'paste'
                ? bringIn(state, from, to, brought.length === 0 ? [''] : brought, pen)
                : { line: newLine, back: joinBackward, forward: joinForward, after: clauseAfter }[how](state, pen);
          if (tr === null) return;
          tr.doc.check();
          permit({ before: clausesOf(state.doc), after: clausesOf(tr.doc) }, hand, pen.ledger);
        },
      ),
      { numRuns: 1500 },
    );
  });
});
