import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { zeroHash } from '../../../server/storage/chain.ts';
import { Replica } from '../../../server/yjs/replica.ts';
import { newMarkId, newRecommendationId, recommendationLog } from '../../../shared/protocol/ids.ts';
import { clauseElement, markKey, textOf } from '../../../shared/text/document.ts';
import { op } from '../../helpers/texts.ts';

/** The words of a document's first clause. */
function wordsOf(doc: Y.Doc): Y.XmlText {
  const clause = textOf(doc).get(0);
  const words = clause instanceof Y.XmlElement ? clause.get(0) : null;
  if (!(words instanceof Y.XmlText)) throw new Error('no words there');
  return words;
}

/** A text, an update that inserts the end of a mark without a beginning before it, and words after that. */
function textAndIdleMarker(
  written: string,
  place: 'first' | 'last' = 'first',
): {
  readonly text: Uint8Array;
  readonly marker: Uint8Array;
  readonly more: Uint8Array;
} {
  const doc = new Y.Doc();
  textOf(doc).insert(0, [clauseElement(op('c1', written))]);
  const words = wordsOf(doc);
  // So that Yjs knows the text as one that has formats.
  words.format(0, 1, { [markKey('bracket', newMarkId())]: { id: 'x' } });
  const text = Y.encodeStateAsUpdate(doc);
  const before = Y.encodeStateVector(doc);
  doc.transact((transaction) => {
    let left: Y.Item | null = null;
    let right = words._start;
    // Before the last of the words, or before all.
    while (place === 'last' && right?.right) [left, right] = [right, right.right];
    new Y.Item(
      Y.createID(doc.clientID, Y.getState(doc.store, doc.clientID)),
      left,
      left?.lastId ?? null,
      right,
      right?.id ?? null,
      words,
      null,
      new Y.ContentFormat(markKey('deletion', newMarkId()), null as unknown as object),
    ).integrate(transaction, 0);
  });
  const marker = Y.encodeStateAsUpdate(doc, before);
  const marked = Y.encodeStateVector(doc);
  words.insert(words.length, 'c', {});
  return { text, marker, more: Y.encodeStateAsUpdate(doc, marked) };
}

const deletedIn = (doc: Y.Doc): number => Y.createDeleteSetFromStructStore(doc.store).clients.size;
const take = (replica: Replica, content: Uint8Array): void =>
  replica.take({ sequence: replica.sequence + 1, hash: zeroHash, content }, 0, []);

describe('[LOG1] A replica', () => {
  it('holds what its entries say: nothing goes that no entry deletes, though Yjs finds that it has no effect', () => {
    const { text, marker } = textAndIdleMarker('ab');
    const onAScreen = new Y.Doc();
    for (const update of [text, marker]) Y.applyUpdate(onAScreen, update);
    expect(deletedIn(onAScreen)).toBe(1);

    const replica = Replica.empty();
    for (const content of [text, marker]) take(replica, content);
    expect(deletedIn(replica.doc)).toBe(0);

    const { sequence, hash } = replica;
    const log = recommendationLog(newRecommendationId());
    const restored = Replica.restore({ log, sequence, hash, state: replica.state() });
    expect(deletedIn(restored.doc)).toBe(0);
    expect(deletedIn(Replica.copy(replica).doc)).toBe(0);
  });

  it('is tidied up where an edit becomes an entry, which says so then', () => {
    const { text, marker } = textAndIdleMarker('ab');
    const replica = Replica.empty();
    take(replica, text);
    const said: Uint8Array[] = [];
    replica.doc.on('update', (update: Uint8Array) => said.push(update));
    Y.applyUpdate(replica.doc, marker);
    replica.tidy();
    expect(deletedIn(replica.doc)).toBe(1);
    const another = Replica.empty();
    for (const content of [text, Y.mergeUpdates(said)]) take(another, content);
    expect(deletedIn(another.doc)).toBe(1);
  });

  it('is tidied up when words show that a marker before them is for nothing', () => {
    const { text, marker, more } = textAndIdleMarker('');
    const replica = Replica.empty();
    take(replica, text);
    Y.applyUpdate(replica.doc, marker);
    replica.tidy();
    expect(deletedIn(replica.doc)).toBe(0);
    Y.applyUpdate(replica.doc, more);
    replica.tidy();
    expect(deletedIn(replica.doc)).toBe(1);
    expect(Y.cleanupYTextFormatting(wordsOf(replica.doc))).toBe(0);
  });

  it('is tidied up where a clause comes with words and markers in it', () => {
    const { text, marker, more } = textAndIdleMarker('');
    const replica = Replica.empty();
    Y.applyUpdate(replica.doc, Y.mergeUpdates([text, marker, more]));
    replica.tidy();
    expect(Y.cleanupYTextFormatting(wordsOf(replica.doc))).toBe(0);
    expect(deletedIn(replica.doc)).toBe(1);
  });

  it('is what Yjs calls tidy: it looks at what stands before the first words, and not behind them', () => {
    const { text, marker } = textAndIdleMarker('ab', 'last');
    const replica = Replica.empty();
    take(replica, text);
    Y.applyUpdate(replica.doc, marker);
    replica.tidy();
    // If Yjs found more some day, every stored text would be untidy: then `tidy` has to go through all of them first.
    expect(deletedIn(replica.doc)).toBe(0);
    expect(Y.cleanupYTextFormatting(wordsOf(replica.doc))).toBe(0);
  });
});
