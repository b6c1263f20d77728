import { z } from 'zod';

/** The highest client id that Yjs draws, and the highest clock that an update may bring (`server/yjs/decode.ts`). */
export const highestClient = 0xffffffff;
export const highestClock = 2 ** 31;

const Id = z.strictObject({
  client: z.number().int().min(0).max(highestClient),
  clock: z.number().int().min(0).max(highestClock),
});

/**
 * A place in the text as y-prosemirror sends it: a relative position of Yjs. Yjs throws on numbers that no document has
 * and on a position without a name, and makes a new root of an unknown name; so the schema accepts nothing else.
 */
const Position = z
  .strictObject({
    type: Id.nullish(),
    tname: z.literal('text').nullish(),
    item: Id.nullish(),
    assoc: z.number().int().min(-1).max(1).nullish(),
  })
  .refine(({ type, tname, item }) => [type, tname, item].some((name) => name !== null && name !== undefined));
export type Position = z.infer<typeof Position>;

/** The caret and the other end of the selection. */
export const Cursor = z.object({ anchor: Position, head: Position });
export type Cursor = z.infer<typeof Cursor>;

/** The structs that a cursor names. */
export const namedBy = ({ anchor, head }: Cursor): readonly { readonly client: number; readonly clock: number }[] =>
  [anchor.item, anchor.type, head.item, head.type].flatMap((id) => id ?? []);
