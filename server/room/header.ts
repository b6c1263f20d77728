import { z } from 'zod';
import { PartyCode } from '../../shared/ids.ts';
import { LedgerChange } from '../../shared/ledger.ts';
import { Principal } from '../../shared/principal.ts';
import { Command } from '../../shared/procedure.ts';

/** Whose act an entry is: a participant's, or that of the administrator or the server itself, who take no part. */
export const Author = z.union([Principal, z.object({ administrator: z.string() })]);
export type Author = z.infer<typeof Author>;

/** Which command made an entry. Typing is the edit of a live text; `create` brings a text in. */
export const Deed = z.union([
  z.object({ type: z.literal('typing') }),
  z.object({ type: z.literal('create'), source: z.string() }),
  Command,
]);
export type Deed = z.infer<typeof Deed>;

/** The header of a recommendation's entry: who, for whom, when, by which command, and what it changed in the ledger. */
export const Header = z.object({
  version: z.literal(1),
  /** Milliseconds since 1970, by the server's clock; never before the entry before it. */
  at: z.number().int(),
  by: Author,
  /** The party in whose name the rapporteur typed; null where the author acts in their own. */
  onBehalfOf: PartyCode.nullable(),
  command: Deed,
  changes: z.array(LedgerChange),
});
export type Header = z.infer<typeof Header>;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export const encodeHeader = (header: Header): Uint8Array => encoder.encode(JSON.stringify(header));

/** Throws a `ZodError` or `SyntaxError` for a header that this version did not write. */
export const decodeHeader = (bytes: Uint8Array): Header => Header.parse(JSON.parse(decoder.decode(bytes)));
