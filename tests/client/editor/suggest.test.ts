import fc from 'fast-check';
import { Fragment, type Node, Slice } from 'prosemirror-model';
import { EditorState, TextSelection } from 'prosemirror-state';
import { describe, expect, it } from 'vitest';
import { clausesOf } from '../../../client/editor/clauses.ts';
import {
  clauseAfter,
  type EditorCommand,
  joinBackward,
  joinForward,
  newLine,
} from '../../../client/editor/commands.ts';
import type { EditContext } from '../../../client/editor/editContext.ts';
import { bringIn } from '../../../client/editor/paste.ts';
import { stayApart, suggest } from '../../../client/editor/suggest.ts';
import type { MarkId } from '../../../shared/protocol/ids.ts';
import { type Capacity, permit } from '../../../shared/text/authority.ts';
import type { Clause, Run } from '../../../shared/text/clause.ts';
import { schema } from '../../../shared/text/schema.ts';
import { del, ins, op, party, proposed, show } from '../../helpers/texts.ts';
import { contextOf, docOf } from '../../helpers/typing.ts';

const argentina: Capacity = { proposesFor: party('ARG') };
const base: Capacity = { edits: 'base' };

function stateOf(text: readonly Clause[], at: readonly [clause: number, offset: number], to = at): EditorState {
  const doc = docOf(text);
  const place = ([clause, offset]: readonly [number, number]): number => {
    let position = 0;
    for (let index = 0; index < clause; index++) position += doc.child(index).nodeSize;
    return position + 1 + offset;
  };
  return EditorState.create({ doc, selection: TextSelection.create(doc, place(at), place(to)) });
}

/** The outcome; the server must permit it. */
function outcome(state: EditorState, after: Node, context: EditContext): string[] {
  if (context.capacity !== null)
    permit({ before: clausesOf(state.doc), after: clausesOf(after) }, context.capacity, context.negotiation);
  return show(clausesOf(after));
}

const type = (
  text: readonly Clause[],
  words: string,
  capacity: Capacity | null,
  ...where: [readonly [number, number], (readonly [number, number])?]
) => {
  const state = stateOf(text, ...where);
  const context = contextOf(text, capacity);
  const { from, to } = state.selection;
  const after = suggest(
    words === '' ? state.tr.delete(from, to) : state.tr.insertText(words, from, to),
    state,
    context,
  );
  return { text: outcome(state, after.doc, context), caret: after.selection.$head.parentOffset };
};
const perform = (
  text: readonly Clause[],
  command: EditorCommand,
  capacity: Capacity | null,
  at: readonly [number, number],
  to = at,
) => {
  const state = stateOf(text, at, to);
  const context = contextOf(text, capacity);
  const tr = command(state, context);
  return tr === null
    ? null
    : {
        text: outcome(state, tr.doc, context),
        caret: tr.selection.$head.parentOffset,
        in: tr.selection.$head.index(0),
      };
};

describe('[ED1] A delegate’s typing is proposed in the party’s name', () => {
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
      'each owner’s letters are struck by an amendment of their own',
      [op('c1', 'Urge ', ins('can1', 'all '), ins('bra1', 'the '), 'states')],
      '',
      [0, 4],
      [0, 16],
      ['Urge{-new1  }{-new2 {+can1 all }}{-new3 {+bra1 the }}{-new1 sta}tes'],
    ],
    [
      'words typed over some in force and some of another’s amend those in force',
      [op('c1', 'Urge ', ins('can1', 'all member '), 'states')],
      'the',
      [0, 2],
      [0, 8],
      ['Ur{-new1 ge }{+new1 the}{-new2 {+can1 all}}{+can1  member }states'],
    ],
    [
      'an amendment of the text in force is not continued inside another party’s words',
      [op('c1', 'Urge ', del('arg1', ins('can1', 'all')), ins('can1', ' member'), ' states')],
      ' of the',
      [0, 15],
      [0, 15],
      ['Urge {-arg1 {+can1 all}}{+can1  member}{+new1  of the} states'],
    ],
    [
      'inside another party’s words, an own amendment of them is continued',
      [op('c1', 'Urge ', ins('can1', 'all '), ins('arg1', 'the '), ins('can1', 'member '), 'states')],
      'old ',
      [0, 13],
      [0, 13],
      ['Urge {+can1 all }{+arg1 the old }{+can1 member }states'],
    ],
    [
      'a deletion over two clauses is no part of an amendment of one of them',
      [op('c1', 'Urge ', ins('arg1', 'all ')), op('c2', 'to act')],
      '',
      [0, 3],
      [1, 2],
      ['Urg{-new1 e }', '{-new1 to} act'],
    ],
    [
      'characters that nobody sees are not typed',
      text,
      'a\u200bl\u202el\u00ad \u200d',
      [0, 5],
      [0, 5],
      ['Urge {+new1 all \u200d}states'],
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

  it.each([
    ['in the middle', 'Urge all states', 5, 8, 'Urge {-new1 all }states'],
    ['at the start', 'Urge all states', 0, 4, '{-new1 Urge }all states'],
    ['at the end', 'Urge all states', 9, 15, 'Urge all{-new1  states}'],
    ['before punctuation', 'Urge all, now', 5, 8, 'Urge{-new1  all}, now'],
    ['in brackets', 'Urge (all states)', 6, 9, 'Urge ({-new1 all }states)'],
    [
      'before a space that holds on to a colon',
      'Prier les États\u00a0: agir',
      10,
      15,
      'Prier les{-new1  États}\u00a0: agir',
    ],
    ['of several words', 'Urge all the states', 5, 12, 'Urge {-new1 all the }states'],
    ['of a part of a word', 'Urge all states', 5, 7, 'Urge {-new1 al}l states'],
    ['of a part of a word with a hyphen', 'Urge well-known states', 5, 9, 'Urge {-new1 well}-known states'],
    ['of a space', 'Urge all', 4, 5, 'Urge{-new1  }all'],
    ['of a whole clause', 'Urge', 0, 4, '{-new1 Urge}'],
  ])('takes a space along with whole words that were selected: %s', (_where, words, from, to, expected) => {
    expect(type([op('c1', words)], '', argentina, [0, from], [0, to]).text).toEqual([expected]);
  });

  it('takes no space that is another’s, nor one that is left to stand beside struck words', () => {
    const spaced = [op('c1', 'Urge ', ins('arg1', 'all'))];
    expect(type(spaced, '', argentina, [0, 5], [0, 8]).text).toEqual(['Urge ']);
    const struck = [op('c1', 'Urge ', del('arg1', 'all '), 'big states')];
    expect(type(struck, '', argentina, [0, 9], [0, 12]).text).toEqual(['Urge {-arg1 all big }states']);
  });

  it('does what was done where a browser writes words anew that it didn’t change', () => {
    const struck = [op('c1', 'Bear in mind', del('arg1', ' that'), ' each')];
    const state = stateOf(struck, [0, 12]);
    const after = suggest(state.tr.insertText('\u00a0that', 12, 18), state, contextOf(struck, argentina));
    expect(show(clausesOf(after.doc))).toEqual(['Bear in min{-arg1 d that} each']);
    expect(after.selection.$head.parentOffset).toBe(11);
  });

  it('puts the caret behind typed words, and before words that Backspace struck', () => {
    expect(type(text, 'Call on', argentina, [0, 0], [0, 4]).caret).toBe(11);
    const state = stateOf(text, [0, 4]);
    const head = state.selection.head;
    const after = suggest(state.tr.delete(head - 1, head), state, contextOf(text, argentina));
    expect(after.selection.$head.parentOffset).toBe(3);
    const forward = suggest(state.tr.delete(head, head + 1), state, contextOf(text, argentina));
    expect(forward.selection.$head.parentOffset).toBe(5);
  });

  it('leaves the text alone when only formats change', () => {
    const state = stateOf(text, [0, 0], [0, 4]);
    const after = suggest(
      state.tr.addMark(1, 5, schema.mark('origin', { id: 'forged00' })),
      state,
      contextOf(text, argentina),
    );
    expect(show(clausesOf(after.doc))).toEqual(['Urge states']);
  });

  it('keeps the mark that an IME was given', () => {
    const state = stateOf(text, [0, 11]);
    const id = 'ime00000';
    const after = suggest(
      state.tr.replaceWith(12, 12, schema.text('に', [schema.mark('insertion', { id })])),
      state,
      contextOf(text, argentina),
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
  it('leaves words where they are that others propose', () => {
    const text = [op('c1', 'Urge ', ins('can1', 'all '), 'states'), proposed('c2', 'can2', ins('can2', 'To act'))];
    expect(perform(text, newLine, argentina, [0, 2])?.text).toEqual([
      'Ur{-new1 ge }{+can1 all }{-new1 states}',
      '{+new1 ge states}',
      '{+can2 To act}',
    ]);
    expect(perform(text, newLine, argentina, [1, 2])?.text).toEqual(['Urge {+can1 all }states', '{+can2 To act}', '']);
  });
  it('is an amendment of its own, beside one that stands there', () => {
    const text = [op('c1', 'Urge ', ins('arg1', 'all '), 'states')];
    expect(perform(text, newLine, argentina, [0, 9])?.text).toEqual([
      'Urge {+arg1 all }{-new1 states}',
      '{+new1 states}',
    ]);
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
    const context = contextOf(text, argentina);
    const tr = bringIn(state, 12, 12, [' now', 'and soon', 'and later'], context);
    expect(outcome(state, tr.doc, context)).toEqual([
      'Urge states{+new1  now}',
      '{+new2 and soon}',
      '{+new4 and later}',
    ]);
  });
});

describe('[ED3] Clauses are joined only where the capacity owns them', () => {
  it.each([
    ['Backspace', joinBackward, [1, 0], { caret: 0, in: 1 }],
    ['Delete', joinForward, [0, 4], { caret: 4, in: 0 }],
  ] as const)('%s between two clauses of the text strikes nothing, and the caret stays', (_key, command, at, where) => {
    const text = [op('c1', 'Urge'), op('c2', 'Act')];
    expect(perform(text, command, argentina, at)).toEqual({ text: ['Urge', 'Act'], ...where });
    expect(command(stateOf(text, at), contextOf(text, argentina))?.getMeta(stayApart)).toBe(true);
  });
  it('a browser that joins two clauses by itself strikes nothing either', () => {
    const text = [op('c1', 'Urge'), op('c2', 'to ', del('can1', 'act'))];
    const state = stateOf(text, [0, 4]);
    const whole = new Slice(Fragment.from(schema.text('to act')), 0, 0);
    const after = suggest(state.tr.replace(5, state.doc.content.size, whole), state, contextOf(text, argentina));
    expect(show(clausesOf(after.doc))).toEqual(['Urge', 'to {-can1 act}']);
    expect(after.getMeta(stayApart)).toBe(true);
  });
  it.each([
    ['in the middle of words', [op('c1', 'Urge states')], [0, 4]],
    ['in the middle of a word', [op('c1', 'Urge states')], [0, 7]],
    ['before words of another', [op('c1', 'Urge ', ins('can1', 'all '), 'states', del('can2', ' now'))], [0, 3]],
    ['behind an own amendment', [op('c1', 'Urge ', ins('arg1', 'all '), 'states')], [0, 9]],
  ] as const)('Backspace takes a new line back: %s', (_where, clauses, at) => {
    const text = [...clauses];
    const context = contextOf(text, argentina);
    const state = stateOf(text, at);
    const split = state.apply(newLine(state, context) ?? state.tr);
    expect(split.doc.childCount).toBe(2);
    const back = joinBackward(split, context);
    expect(outcome(state, back?.doc ?? split.doc, context)).toEqual(show(text));
    expect(back?.selection.head).toBe(state.selection.head);
    const forward = joinForward(
      split.apply(split.tr.setSelection(TextSelection.create(split.doc, split.doc.child(0).nodeSize - 1))),
      context,
    );
    expect(outcome(state, forward?.doc ?? split.doc, context)).toEqual(show(text));
  });
  it('words that move up by two clauses don’t bring their amendment along', () => {
    const text = [
      op('c0', 'Urge'),
      proposed('c1', 'arg1', ins('arg1', 'all')),
      proposed('c2', 'arg1', ins('arg1', ' now')),
    ];
    expect(type(text, '', argentina, [0, 4], [2, 1]).text).toEqual(['Urge{+new1 now}']);
  });
  it('words written into the new line meanwhile stay', () => {
    const text = [
      op('c1', 'Urge', del('arg1', ' all states')),
      proposed('c2', 'arg1', ins('arg1', 'most of all states')),
    ];
    expect(perform(text, joinBackward, argentina, [1, 0])?.text).toEqual(['Urge{+arg1 most of} all states']);
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
    ).toEqual(['Urge{+new1  all}']);
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

/** The parts of the capacity's marks: the number of letters that each inserts or strikes, by clause and by target. */
function partsIn(
  text: readonly Clause[],
  context: EditContext,
): Map<string, { id: MarkId; target: string; clause: string; letters: number }> {
  const parts = new Map<string, { id: MarkId; target: string; clause: string; letters: number }>();
  const own = (id: MarkId): boolean => (context.negotiation.marks.get(id)?.party ?? 'ARG') === 'ARG';
  for (const { id: clause, insertion, runs } of text) {
    const owners = runs.map(({ marks }) => marks.insertion[0] ?? insertion);
    const along = (from: number, step: 1 | -1): MarkId[] => {
      const found: MarkId[] = [];
      for (let at = from; owners[at] != null; at += step)
        found.push(...owners.slice(at, at + 1).flatMap((id) => id ?? []));
      if (owners[from + step * found.length] === undefined && insertion !== null) found.push(insertion);
      return found.filter((id) => !own(id));
    };
    const note = (id: MarkId, target: MarkId | null, letters: number): void => {
      const key = `${id} ${target} ${clause}`;
      parts.set(key, { id, target: `${target}`, clause, letters: letters + (parts.get(key)?.letters ?? 0) });
    };
    if (insertion !== null && own(insertion)) note(insertion, null, 1);
    runs.forEach(({ text, marks }, at) => {
      for (const id of marks.insertion.filter(own))
        note(id, along(at, -1).find((one) => along(at, 1).includes(one)) ?? null, text.length);
      for (const id of marks.deletion.filter(own)) note(id, owners[at] ?? null, text.length);
    });
  }
  return parts;
}

/** A mark that grew kept its target and its clauses; a new letter bears its author's insertion alone. */
function expectOneTarget(
  { before, after }: { before: readonly Clause[]; after: readonly Clause[] },
  context: EditContext,
): void {
  const had = partsIn(before, context);
  const has = [...partsIn(after, context)];
  for (const [key, { id, target, clause, letters }] of has) {
    if (letters <= (had.get(key)?.letters ?? 0)) continue;
    const old = [...had.values()].filter((part) => part.id === id);
    const targets = new Set(
      (old.length > 0 ? old : has.map(([, part]) => part).filter((part) => part.id === id)).map((part) => part.target),
    );
    expect([...targets, `${id} ${key}`]).toEqual([target, `${id} ${key}`]);
    if (old.length > 0) expect(old.map((part) => part.clause)).toContain(clause);
  }
  for (const { marks } of after.flatMap(({ runs }) => runs))
    if (marks.insertion.length > 0 && marks.insertion.every((id) => !context.negotiation.marks.has(id)))
      expect([marks.insertion.length, marks.deletion.length]).toEqual([1, 0]);
}

describe('[ED5] Every edit of the text', () => {
  const words = fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom('a', 'b', ' ', 'é', '語') });
  /** A piece of a clause; `at` makes its marks its own, since one amendment has one target. */
  type Piece = (at: string) => string | Run;
  const part: fc.Arbitrary<Piece> = fc.oneof(
    words.map(
      (w): Piece =>
        () =>
          w,
    ),
    words.map(
      (w): Piece =>
        (at) =>
          ins(`arg${at}`, w),
    ),
    words.map(
      (w): Piece =>
        (at) =>
          ins(`can${at}`, w),
    ),
    words.map(
      (w): Piece =>
        (at) =>
          del(`can${at}d`, w),
    ),
    words.map(
      (w): Piece =>
        (at) =>
          del(`arg${at}d`, w),
    ),
    words.map(
      (w): Piece =>
        (at) =>
          del(`can${at}d`, ins(`arg${at}`, w)),
    ),
    words.map(
      (w): Piece =>
        (at) =>
          del(`arg${at}d`, ins(`can${at}`, w)),
    ),
  );
  const clauses = fc
    .array(fc.tuple(fc.constantFrom(null, 'arg', 'can'), fc.array(part, { maxLength: 4 })), {
      minLength: 1,
      maxLength: 4,
    })
    .map((rows) =>
      rows.map(([party, pieces], at) => {
        if (party === null) return op(`c${at}`, ...pieces.map((piece, place) => piece(`${at}x${place}`)));
        // In a clause that a party proposes, words without an owner are that party's.
        const proposal = `${party}${at}`;
        const parts = pieces.map((piece, place) => {
          const made = piece(`${at}x${place}`);
          return typeof made === 'string' || made.marks.insertion.length === 0 ? ins(proposal, made) : made;
        });
        return proposed(`c${at}`, proposal, ...parts);
      }),
    );
  const where = fc.tuple(fc.nat(), fc.nat());
  const lines = fc.array(words, { maxLength: 3 });

  it.each([
    ['a delegate', argentina],
    ['the rapporteur', base],
  ] as const)('%s does only what the server permits', (_who, capacity) => {
    fc.assert(
      fc.property(
        clauses,
        where,
        lines,
        fc.constantFrom('type', 'paste', 'line', 'back', 'forward', 'after'),
        (text, [a, b], brought, how) => {
          const doc = docOf(text);
          const places: number[] = [];
          for (let at = 0; at <= doc.content.size; at++) if (doc.resolve(at).depth === 1) places.push(at);
          const [one = 1, other = 1] = [places[a % places.length], places[b % places.length]];
          const state = EditorState.create({
            doc,
            selection: TextSelection.create(doc, Math.min(one, other), Math.max(one, other)),
          });
          const context = contextOf(text, capacity);
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
                  context,
                )
              : how === 'paste'
                ? bringIn(state, from, to, brought.length === 0 ? [''] : brought, context)
                : { line: newLine, back: joinBackward, forward: joinForward, after: clauseAfter }[how](state, context);
          if (tr === null) return;
          tr.doc.check();
          const change = { before: clausesOf(state.doc), after: clausesOf(tr.doc) };
          permit(change, capacity, context.negotiation);
          if ('proposesFor' in capacity) expectOneTarget(change, context);
        },
      ),
      { numRuns: 1500 },
    );
  });
});
