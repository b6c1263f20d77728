import { LogName } from '../../../shared/protocol/ids.ts';
import type { Entry } from '../log.ts';
import type { Append } from './protocol.ts';

/**
 * Appends as one buffer, which is transferred to the thread and not copied. A message that holds entries as objects
 * costs more than judging them: each of their byte arrays is cloned on its own, on both sides.
 *
 * An append: its id (8 bytes, a float), the number of entries (4), the log's name with its length before it (2); then
 * for each entry its sequence number (8, a float too), the lengths of header and content (4 each), `previous` and
 * `hash` (32 each), header, content. Whole numbers are little-endian.
 */
const appendHead = 14;
const entryHead = 16 + 64;
const smallestBuffer = 8192;

export class AppendPacker {
  #bytes = new Uint8Array(0);
  #used = 0;

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  /** Copies an append at once: the caller may change its arrays afterwards. */
  put({ id, entries }: Append): void {
    const name = entries[0]?.log ?? '';
    // Names are ASCII: a byte a letter.
    let size = appendHead + name.length;
    for (const { header, content } of entries) size += entryHead + header.length + content.length;
    this.#makeRoom(size);
    const bytes = this.#bytes;
    const view = new DataView(bytes.buffer);
    let at = this.#used;
    view.setFloat64(at, id, true);
    view.setUint32(at + 8, entries.length, true);
    view.setUint16(at + 12, name.length, true);
    at += appendHead;
    at += Buffer.from(bytes.buffer).write(name, at, 'latin1');
    for (const { sequence, header, content, previous, hash } of entries) {
      view.setFloat64(at, sequence, true);
      view.setUint32(at + 8, header.length, true);
      view.setUint32(at + 12, content.length, true);
      bytes.set(previous, at + 16);
      bytes.set(hash, at + 48);
      at += entryHead;
      bytes.set(header, at);
      at += header.length;
      bytes.set(content, at);
      at += content.length;
    }
    this.#used = at;
  }

  /** All packed appends, to be sent with the buffer. */
  take(): Uint8Array<ArrayBuffer> {
    const packed = this.#bytes.subarray(0, this.#used);
    this.clear();
    return packed;
  }

  clear(): void {
    this.#bytes = new Uint8Array(0);
    this.#used = 0;
  }

  #makeRoom(size: number): void {
    const needed = this.#used + size;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length, smallestBuffer));
    larger.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = larger;
  }
}

/** Reads a message of an `AppendPacker`: the entries' bytes are views of the buffer. */
export function unpackAppends(bytes: Uint8Array): Append[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const appends: Append[] = [];
  for (let at = 0; at < bytes.length; ) {
    const id = view.getFloat64(at, true);
    const count = view.getUint32(at + 8, true);
    const nameEnd = at + appendHead + view.getUint16(at + 12, true);
    const log = LogName.parse(text.toString('latin1', at + appendHead, nameEnd));
    at = nameEnd;
    const entries: Entry[] = [];
    for (let left = count; left > 0; left--) {
      const header = at + entryHead;
      const content = header + view.getUint32(at + 8, true);
      const end = content + view.getUint32(at + 12, true);
      entries.push({
        log,
        sequence: view.getFloat64(at, true),
        previous: bytes.subarray(at + 16, at + 48),
        hash: bytes.subarray(at + 48, header),
        header: bytes.subarray(header, content),
        content: bytes.subarray(content, end),
      });
      at = end;
    }
    appends.push({ id, entries });
  }
  return appends;
}
