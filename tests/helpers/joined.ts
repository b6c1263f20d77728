import * as Y from 'yjs';

/**
 * A document's bytes with all structs merged that Yjs can merge. Structs that were deleted in two pieces stay two where
 * they came about entry by entry, and become one in a document that is loaded as a whole: at a new reader, or in a room
 * that starts from a checkpoint. Nothing else may differ.
 */
export function joined(state: Uint8Array): Buffer {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  const bytes = Buffer.from(Y.encodeStateAsUpdate(doc));
  doc.destroy();
  return bytes;
}
