import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import type { LostWords } from '../../../client/drafting/refused.ts';
import { unplacedWords, vanishedWords } from '../../../client/drafting/vanished.ts';
import { newMarkId } from '../../../shared/protocol/ids.ts';
import { markKey, textOf } from '../../../shared/text/document.ts';
import { changing, wordsAt } from '../../helpers/negotiated.ts';
import { headOf } from '../../helpers/screen.ts';
import { op } from '../../helpers/texts.ts';

const text = [op('c1', 'Urge states to act'), op('c2', 'Invite organs')];
const ins = (id = newMarkId()) => ({ [markKey('insertion', id)]: { id } });

/** A device that types while it is offline; meanwhile the first clause is removed on the server. */
function device(type: (words: (clause: number) => Y.XmlText) => void): {
  doc: Y.Doc;
  kept: Uint8Array;
  came: Uint8Array;
} {
  const { doc: server } = headOf(text);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(server));
  const kept = changing(doc, () => type((clause) => wordsAt(doc, clause)));
  textOf(server).delete(0, 1);
  return { doc, kept, came: Y.encodeStateAsUpdate(server, Y.encodeStateVector(doc)) };
}

function whenItComesBack(doc: Y.Doc, came: Uint8Array, saved = 0): readonly LostWords[] {
  let lost: readonly LostWords[] = [];
  doc.on('afterTransaction', (transaction: Y.Transaction) => {
    if (transaction.origin === 'server') lost = vanishedWords(transaction, new Map([[doc.clientID, saved]]));
  });
  Y.applyUpdate(doc, came, 'server');
  return lost;
}

describe('[SCR3] Words that were typed in a clause that went meanwhile', () => {
  it('are given back, those that stand apart one by one, with the clause', () => {
    const { doc, came } = device((words) => {
      words(0).insert(5, 'all ', ins());
      words(0).insert(words(0).length, ' now', ins());
      words(1).insert(0, 'Kindly ', ins());
    });
    expect(whenItComesBack(doc, came)).toEqual([{ clause: text[0]?.id, inserted: ['all ', ' now'], struck: [] }]);
  });

  it('but not what the server has, nor what was deleted again', () => {
    const { doc, came } = device((words) => {
      words(0).insert(5, 'all the ', ins());
      words(0).delete(5, 4);
    });
    expect(whenItComesBack(doc, came)[0]?.inserted).toEqual(['the ']);
    const other = device((words) => words(0).insert(5, 'all ', ins()));
    expect(whenItComesBack(other.doc, other.came, 100)).toEqual([]);
  });

  it('are given back on the next visit, from what the device kept', () => {
    const { kept, came } = device((words) => {
      words(0).insert(5, 'all of the ', ins());
      words(0).delete(9, 3);
      words(1).insert(0, 'Kindly ', ins());
    });
    const next = new Y.Doc();
    Y.applyUpdate(next, kept);
    // The answer to an empty document.
    const { doc: server } = headOf(text);
    Y.applyUpdate(server, came);
    Y.applyUpdate(next, Y.encodeStateAsUpdate(server));
    expect(next.store.pendingStructs).toBeNull();
    expect(unplacedWords(kept, next)).toEqual([{ clause: null, inserted: ['all ', 'the '], struck: [] }]);
  });
});
