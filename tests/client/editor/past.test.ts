import { describe, expect, it } from 'vitest';
import { ySyncPluginKey } from 'y-prosemirror';
import * as Y from 'yjs';
import { Past } from '../../../client/editor/past.ts';
import type { MarkId } from '../../../shared/protocol/ids.ts';
import type { Capacity } from '../../../shared/text/authority.ts';
import type { Clause } from '../../../shared/text/clause.ts';
import { clauseElement, markKey, readText, textOf } from '../../../shared/text/document.ts';
import { del, ins, mark, negotiationOf, op, party, proposed, show } from '../../helpers/texts.ts';
import { contextOf } from '../../helpers/typing.ts';

const argentina: Capacity = { proposesFor: party('ARG') };

/** Two people on one text; each gets the other's edits at once. */
function twoOf(text: readonly Clause[], capacity: Capacity) {
  const [mine, theirs] = [new Y.Doc(), new Y.Doc()];
  textOf(mine).insert(0, text.map(clauseElement));
  Y.applyUpdate(theirs, Y.encodeStateAsUpdate(mine));
  mine.on('update', (update: Uint8Array) => Y.applyUpdate(theirs, update, 'line'));
  theirs.on('update', (update: Uint8Array) => Y.applyUpdate(mine, update, 'line'));
  const context = {
    ...contextOf(text, capacity),
    negotiation: negotiationOf([...text, op('c0', ins('arg1', 'a'), ins('can1', 'b'))]),
  };
  const past = new Past(textOf(mine), () => context);
  const wordsOf = (doc: Y.Doc, at: number): Y.XmlText => {
    const element = textOf(doc).get(at);
    const words = element instanceof Y.XmlElement ? element.get(0) : null;
    if (!(words instanceof Y.XmlText)) throw new Error('there are no words');
    return words;
  };
  return {
    past,
    act: (what: (words: Y.XmlText, all: Y.XmlFragment) => void, at = 0) => {
      past.manager.stopCapturing();
      mine.transact(() => what(wordsOf(mine, at), textOf(mine)), ySyncPluginKey);
    },
    meanwhile: (what: (words: Y.XmlText) => void, at = 0) => theirs.transact(() => what(wordsOf(theirs, at))),
    shown: () => show(readText(mine)),
  };
}
const key = (name: 'insertion' | 'deletion', id: MarkId) => ({ [markKey(name, id)]: { id } });
const [arg, can] = [mark('arg1'), mark('can1')];

describe('[ED8] Undo takes back one’s own acts, and nothing of others', () => {
  const text = [op('c1', 'Urge states to act')];
  const type = (words: Y.XmlText): void => words.insert(5, 'all member ', key('insertion', arg));
  const strike = (words: Y.XmlText): void => words.format(5, 6, key('deletion', arg));

  it.each<[string, Capacity, (words: Y.XmlText) => void, ((words: Y.XmlText) => void) | null, string, string]>([
    ['words that nobody touched', argentina, type, null, 'done', 'Urge states to act'],
    [
      'words beside which others wrote',
      argentina,
      type,
      (words) => words.insert(16, 'now ', key('insertion', can)),
      'done',
      'Urge {+can1 now }states to act',
    ],
    [
      'words in which others wrote',
      argentina,
      type,
      (words) => words.insert(9, 'old ', key('insertion', can)),
      'kept',
      'Urge {+arg1 all }{+can1 old }{+arg1 member }states to act',
    ],
    [
      'words of which others strike some',
      argentina,
      type,
      (words) => words.format(5, 4, key('deletion', can)),
      'kept',
      'Urge {-can1 {+arg1 all }}{+arg1 member }states to act',
    ],
    ['a deletion that nobody touched', argentina, strike, null, 'done', 'Urge states to act'],
    [
      'a deletion in which others wrote',
      argentina,
      strike,
      (words) => words.insert(8, 'X', key('insertion', can)),
      'kept',
      'Urge {-arg1 sta}{+can1 X}{-arg1 tes} to act',
    ],
    [
      'words of the base text that a party strikes',
      { edits: 'base' },
      (words) => words.insert(5, 'all ', {}),
      (words) => words.format(5, 4, key('deletion', can)),
      'kept',
      'Urge {-can1 all }states to act',
    ],
  ])('%s', (_what, capacity, act, meanwhile, outcome, left) => {
    const two = twoOf(text, capacity);
    two.act(act);
    if (meanwhile !== null) two.meanwhile(meanwhile);
    expect([two.past.undo(), two.shown()]).toEqual([outcome, [left]]);
  });

  it('a clause that was proposed goes with its words, or stays with what others wrote in it, and stays a clause', () => {
    const propose = (_words: Y.XmlText, all: Y.XmlFragment): void =>
      all.insert(1, [clauseElement(proposed('c2', 'arg1', ins('arg1', 'To act')))]);
    const alone = twoOf(text, argentina);
    alone.act(propose);
    expect([alone.past.undo(), alone.shown()]).toEqual(['done', ['Urge states to act']]);
    expect([alone.past.redo(), alone.shown()]).toEqual(['done', ['Urge states to act', '{+arg1 To act}']]);
    const two = twoOf(text, argentina);
    two.act(propose);
    two.meanwhile((words) => words.insert(2, ' now', key('insertion', can)), 1);
    expect([two.past.undo(), two.shown()]).toEqual([
      'kept',
      ['Urge states to act', '{+arg1 To}{+can1  now}{+arg1  act}'],
    ]);
  });

  it('an act that is over is left out, and those before it can be undone', () => {
    const two = twoOf(text, argentina);
    two.act((words) => words.format(0, 4, key('deletion', arg)));
    two.act(type);
    two.meanwhile((words) => words.insert(9, 'old ', key('insertion', can)));
    expect(two.past.undo()).toBe('kept');
    expect([two.past.undo(), two.shown()]).toEqual([
      'done',
      ['Urge {+arg1 all }{+can1 old }{+arg1 member }states to act'],
    ]);
    expect(two.past.undo()).toBe('nothing');
  });
});

describe('[ED4] The rapporteur edits the base text', () => {
  it('two clauses that were joined come apart again, as they were', () => {
    const text = [op('c1', 'Urge states'), op('c2', 'to ', del('can1', 'act'))];
    const two = twoOf(text, { edits: 'base' });
    two.act((words, all) => {
      words.insert(11, 'to act');
      all.delete(1, 1);
    });
    expect([two.past.undo(), two.shown()]).toEqual(['done', show(text)]);
  });
});
