import * as Y from 'yjs';

/**
 * A document's bytes with all joined that Yjs can join. What was deleted in two pieces stays two pieces where it came
 * about, entry by entry, and becomes one where somebody is given the document as a whole: a reader who joins, a room
 * that starts from a checkpoint. Nothing else may differ.
 */
export function joined(state: Uint8Array): Buffer {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  const bytes = Buffer.from(Y.encodeStateAsUpdate(doc));
  doc.destroy();
  return bytes;
}
