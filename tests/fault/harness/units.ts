import * as Y from 'yjs';

/** The smallest thing that Yjs numbers: a letter, the beginning or end of a mark, an item of the metadata. */
export interface Unit {
  readonly client: number;
  readonly clock: number;
  /** Its value; null where an update only says that it existed. */
  readonly value: string | null;
}

/** An update's content, unit by unit: so two updates can be compared however their structs are split. */
export function* unitsOf(update: Uint8Array): Generator<Unit> {
  for (const struct of Y.decodeUpdate(update).structs) {
    if (struct instanceof Y.Skip) continue;
    const { client, clock } = struct.id;
    const values = struct instanceof Y.Item ? valuesOf(struct.content) : null;
    for (let at = 0; at < struct.length; at++) yield { client, clock: clock + at, value: values?.[at] ?? null };
  }
}

function valuesOf(content: Y.Item['content']): readonly string[] | null {
  if (content instanceof Y.ContentString) return content.str.split('');
  if (content instanceof Y.ContentAny) return content.arr.map((value) => JSON.stringify(value));
  if (content instanceof Y.ContentFormat) return [`${content.key} ${JSON.stringify(content.value)}`];
  if (content instanceof Y.ContentType) return [content.type.constructor.name];
  if (content instanceof Y.ContentDeleted) return null;
  throw new Error(`what is ${content.constructor.name}?`);
}

/** The deletions of an update: ranges of clocks by client. */
export function* deletionsOf(update: Uint8Array): Generator<{ client: number; from: number; to: number }> {
  for (const [client, ranges] of Y.decodeUpdate(update).ds.clients)
    for (const { clock, len } of ranges) yield { client, from: clock, to: clock + len };
}
