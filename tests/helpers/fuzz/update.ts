import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

/**
 * A V1 update taken apart, so that a mutator can write anything that the format can express, also invalid things: false
 * counts, inconsistent flags, numbers of ten bytes. Written against the format, not with Yjs.
 */
export interface Id {
  readonly client: number;
  readonly clock: number;
}

export type Content =
  | { readonly of: 'gc' | 'skip' | 'deleted'; readonly length: number }
  | { readonly of: 'string'; readonly text: string | Uint8Array }
  | { readonly of: 'format'; readonly key: string; readonly value: string }
  | { readonly of: 'embed'; readonly json: string }
  | { readonly of: 'json'; readonly values: readonly string[] }
  | { readonly of: 'binary'; readonly bytes: Uint8Array }
  | { readonly of: 'type'; readonly ref: number; readonly name: string | null }
  | { readonly of: 'any'; readonly values: readonly unknown[] }
  /** A value as the bytes of lib0's `any`, for nesting deeper than a recursive encoder can write. */
  | { readonly of: 'rawAny'; readonly bytes: Uint8Array }
  | { readonly of: 'doc'; readonly guid: string; readonly options: unknown }
  | { readonly of: 'unknown'; readonly ref: number };

export interface Struct {
  readonly origin: Id | null;
  readonly rightOrigin: Id | null;
  /** A root by its name, or the struct that holds it; null where an origin says it. */
  readonly parent: string | Id | null;
  readonly parentSub: string | null;
  readonly content: Content;
  /** Bits of the info byte that are turned over. */
  readonly odd: number;
}

export interface Block {
  readonly client: number;
  readonly clock: number;
  readonly structs: readonly Struct[];
  /** Claimed number of structs, where it differs from theirs. */
  readonly count: number | null;
}

export interface Deletes {
  readonly client: number;
  readonly ranges: readonly { readonly clock: number; readonly length: number }[];
  readonly count: number | null;
}

export interface Update {
  readonly blocks: readonly Block[];
  readonly blockCount: number | null;
  readonly deletes: readonly Deletes[];
  readonly deleteCount: number | null;
  readonly trailing: Uint8Array;
}

export const noUpdate: Update = {
  blocks: [],
  blockCount: null,
  deletes: [],
  deleteCount: null,
  trailing: new Uint8Array(),
};

const refs = {
  gc: 0,
  deleted: 1,
  json: 2,
  binary: 3,
  string: 4,
  embed: 5,
  format: 6,
  type: 7,
  any: 8,
  doc: 9,
  skip: 10,
};

/** Stands for a number of ten bytes, more than any reader of safe integers accepts. */
export const tenBytes = Number.POSITIVE_INFINITY;

function writeNumber(encoder: encoding.Encoder, number: number): void {
  if (number === tenBytes) {
    for (let at = 0; at < 9; at++) encoding.writeUint8(encoder, 0xff);
    encoding.writeUint8(encoder, 1);
  } else encoding.writeVarUint(encoder, Math.max(0, Math.floor(number)));
}

function writeId(encoder: encoding.Encoder, { client, clock }: Id): void {
  writeNumber(encoder, client);
  writeNumber(encoder, clock);
}

const refOf = (content: Content): number =>
  content.of === 'unknown' ? content.ref : content.of === 'rawAny' ? refs.any : refs[content.of];

type Any = Parameters<typeof encoding.writeAny>[1];

function writeContent(encoder: encoding.Encoder, content: Content): void {
  switch (content.of) {
    case 'gc':
    case 'skip':
    case 'deleted':
      writeNumber(encoder, content.length);
      break;
    case 'string':
      if (typeof content.text === 'string') encoding.writeVarString(encoder, content.text);
      else encoding.writeVarUint8Array(encoder, content.text);
      break;
    case 'format':
      encoding.writeVarString(encoder, content.key);
      encoding.writeVarString(encoder, content.value);
      break;
    case 'embed':
      encoding.writeVarString(encoder, content.json);
      break;
    case 'json':
      writeNumber(encoder, content.values.length);
      for (const value of content.values) encoding.writeVarString(encoder, value);
      break;
    case 'binary':
      encoding.writeVarUint8Array(encoder, content.bytes);
      break;
    case 'type':
      writeNumber(encoder, content.ref);
      if (content.name !== null) encoding.writeVarString(encoder, content.name);
      break;
    case 'any':
      writeNumber(encoder, content.values.length);
      for (const value of content.values) encoding.writeAny(encoder, value as Any);
      break;
    case 'rawAny':
      writeNumber(encoder, 1);
      encoding.writeUint8Array(encoder, content.bytes);
      break;
    case 'doc':
      encoding.writeVarString(encoder, content.guid);
      encoding.writeAny(encoder, content.options as Any);
      break;
    case 'unknown':
      break;
  }
}

function writeStruct(
  encoder: encoding.Encoder,
  { origin, rightOrigin, parent, parentSub, content, odd }: Struct,
): void {
  const bare = content.of === 'gc' || content.of === 'skip';
  const info =
    refOf(content) |
    (bare ? 0 : (origin === null ? 0 : 0x80) | (rightOrigin === null ? 0 : 0x40) | (parentSub === null ? 0 : 0x20));
  encoding.writeUint8(encoder, (info ^ odd) & 0xff);
  if (!bare) {
    if (origin !== null) writeId(encoder, origin);
    if (rightOrigin !== null) writeId(encoder, rightOrigin);
    if (origin === null && rightOrigin === null) {
      if (typeof parent === 'string') {
        writeNumber(encoder, 1);
        encoding.writeVarString(encoder, parent);
      } else {
        writeNumber(encoder, 0);
        writeId(encoder, parent ?? { client: 0, clock: 0 });
      }
      if (parentSub !== null) encoding.writeVarString(encoder, parentSub);
    }
  }
  writeContent(encoder, content);
}

export function encodeUpdate(update: Update): Uint8Array {
  const encoder = encoding.createEncoder();
  writeNumber(encoder, update.blockCount ?? update.blocks.length);
  for (const { client, clock, structs, count } of update.blocks) {
    writeNumber(encoder, count ?? structs.length);
    writeId(encoder, { client, clock });
    for (const struct of structs) writeStruct(encoder, struct);
  }
  writeNumber(encoder, update.deleteCount ?? update.deletes.length);
  for (const { client, ranges, count } of update.deletes) {
    writeNumber(encoder, client);
    writeNumber(encoder, count ?? ranges.length);
    for (const { clock, length } of ranges) {
      writeNumber(encoder, clock);
      writeNumber(encoder, length);
    }
  }
  encoding.writeUint8Array(encoder, update.trailing);
  return encoding.toUint8Array(encoder);
}

function readContent(decoder: decoding.Decoder, ref: number): Content {
  const number = (): number => decoding.readVarUint(decoder);
  const text = (): string => decoding.readVarString(decoder);
  switch (ref) {
    case refs.gc:
      return { of: 'gc', length: number() };
    case refs.skip:
      return { of: 'skip', length: number() };
    case refs.deleted:
      return { of: 'deleted', length: number() };
    case refs.string:
      return { of: 'string', text: text() };
    case refs.format:
      return { of: 'format', key: text(), value: text() };
    case refs.embed:
      return { of: 'embed', json: text() };
    case refs.json:
      return { of: 'json', values: Array.from({ length: number() }, text) };
    case refs.binary:
      return { of: 'binary', bytes: decoding.readVarUint8Array(decoder) };
    case refs.type: {
      const type = number();
      return { of: 'type', ref: type, name: type === 3 || type === 5 ? text() : null };
    }
    case refs.any:
      return { of: 'any', values: Array.from({ length: number() }, () => decoding.readAny(decoder) as unknown) };
    case refs.doc:
      return { of: 'doc', guid: text(), options: decoding.readAny(decoder) };
    default:
      throw new Error(`no content is ${ref}`);
  }
}

function readStruct(decoder: decoding.Decoder): Struct {
  const info = decoding.readUint8(decoder);
  const ref = info & 0x1f;
  const id = (): Id => ({ client: decoding.readVarUint(decoder), clock: decoding.readVarUint(decoder) });
  let [origin, rightOrigin, parent, parentSub]: [Id | null, Id | null, string | Id | null, string | null] = [
    null,
    null,
    null,
    null,
  ];
  if (ref !== refs.gc && ref !== refs.skip) {
    if ((info & 0x80) !== 0) origin = id();
    if ((info & 0x40) !== 0) rightOrigin = id();
    if (origin === null && rightOrigin === null) {
      parent = decoding.readVarUint(decoder) === 1 ? decoding.readVarString(decoder) : id();
      if ((info & 0x20) !== 0) parentSub = decoding.readVarString(decoder);
    } else if ((info & 0x20) !== 0) parentSub = '';
  }
  return { origin, rightOrigin, parent, parentSub, content: readContent(decoder, ref), odd: 0 };
}

/** Takes an honest update apart. Throws for anything else. */
export function decodeUpdate(bytes: Uint8Array): Update {
  const decoder = decoding.createDecoder(bytes);
  const number = (): number => decoding.readVarUint(decoder);
  // Every counted item takes at least a byte.
  const count = (): number => {
    const counted = number();
    if (counted > bytes.length) throw new Error(`there is no room for ${counted}`);
    return counted;
  };
  const blocks = Array.from({ length: count() }, (): Block => {
    const structs = count();
    const [client, clock] = [number(), number()];
    return { client, clock, structs: Array.from({ length: structs }, () => readStruct(decoder)), count: null };
  });
  const deletes = Array.from({ length: count() }, (): Deletes => {
    const client = number();
    const ranges = Array.from({ length: count() }, () => ({ clock: number(), length: number() }));
    return { client, ranges, count: null };
  });
  return { ...noUpdate, blocks, deletes };
}

/** The number of clocks that a struct takes. */
export function lengthOf({ content }: Struct): number {
  switch (content.of) {
    case 'gc':
    case 'skip':
    case 'deleted':
      return content.length;
    case 'string':
      return typeof content.text === 'string' ? content.text.length : 1;
    case 'json':
    case 'any':
      return content.values.length;
    default:
      return 1;
  }
}
