import * as Y from 'yjs';
import { ClauseId } from '../../shared/protocol/ids.ts';
import type { LostWords } from './refused.ts';

/**
 * Local words that the server doesn't have and that Yjs deleted because their clause or text was removed: the server
 * receives them as deleted. `saved`: the clocks up to which the server has the device's clients.
 *
 * Call it at the end of the transaction that brought the remote edits, while Yjs still holds the deleted letters.
 */
export function vanishedWords(transaction: Y.Transaction, saved: ReadonlyMap<number, number>): readonly LostWords[] {
  const texts = new Set<Y.XmlText>();
  Y.iterateDeletedStructs(transaction, transaction.deleteSet, (struct) => {
    if (!(struct instanceof Y.Item) || unsavedIn(struct, saved) === '') return;
    const { parent } = struct;
    // Letters that were deleted one by one were sent before, and are in the log.
    if (parent instanceof Y.XmlText && parent._item?.deleted === true) texts.add(parent);
  });
  const words = new Map<ClauseId | null, string[]>();
  for (const text of texts) {
    const clause = clauseOf(text);
    const inserted = words.get(clause) ?? [];
    words.set(clause, inserted);
    let together = '';
    // In the order of the text. Yjs no longer has letters that were deleted earlier.
    for (let item = text._start; item !== null; item = item.right) {
      const letters = unsavedIn(item, saved);
      if (letters !== '') together += letters;
      else if (!(item.content instanceof Y.ContentFormat) && together !== '') {
        inserted.push(together);
        together = '';
      }
    }
    if (together !== '') inserted.push(together);
  }
  return [...words].map(([clause, inserted]) => ({ clause, inserted, struck: [] }));
}

function unsavedIn({ id, length, content }: Y.Item, saved: ReadonlyMap<number, number>): string {
  const since = saved.get(id.client);
  if (since === undefined || !(content instanceof Y.ContentString) || id.clock + length <= since) return '';
  return content.str.slice(Math.max(0, since - id.clock));
}

function clauseOf(text: Y.XmlText): ClauseId | null {
  const holder = text._item?.parent;
  const item = holder instanceof Y.XmlElement ? holder._map.get('id') : undefined;
  const id = ClauseId.safeParse(item?.content instanceof Y.ContentAny ? item.content.arr[0] : undefined);
  return id.success ? id.data : null;
}

/**
 * Words of a kept update that found no place: the clause was removed before this document was loaded, so that the
 * document never held them. Letters that the update itself deletes are not given back.
 */
export function unplacedWords(update: Uint8Array, doc: Y.Doc): readonly LostWords[] {
  const { structs, ds } = Y.decodeUpdate(update);
  const inserted: string[] = [];
  /** The letter after the last one found. */
  let next = { client: 0, clock: 0 };
  for (const struct of structs) {
    if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString)) continue;
    const { client, clock } = struct.id;
    const stored = doc.store.clients.get(client) ?? [];
    for (let at = 0; at < struct.length; at++) {
      const id = { client, clock: clock + at };
      if (id.clock >= Y.getState(doc.store, client) || Y.isDeleted(ds, Y.createID(client, id.clock))) continue;
      if (!(stored[Y.findIndexSS(stored, id.clock)] instanceof Y.GC)) continue;
      const letter = struct.content.str.charAt(at);
      const follows = next.client === client && next.clock === id.clock;
      inserted.push(follows ? `${inserted.pop() ?? ''}${letter}` : letter);
      next = { client, clock: id.clock + 1 };
    }
  }
  return inserted.length === 0 ? [] : [{ clause: null, inserted, struck: [] }];
}
