import { z } from 'zod';
import { Principal } from '../meeting/principal.ts';
import { PartyCode } from '../protocol/ids.ts';
import { StateChange } from './state.ts';

/** Whose act an entry is: a participant's, or that of the administrator or the server itself, who take no part. */
export const Author = z.union([Principal, z.object({ administrator: z.string() })]);
export type Author = z.infer<typeof Author>;

/**
 * Which command made an entry, as it was stored. Typing is the edit of a live text; `create` brings a text in. Commands
 * change with their ruleset, so nothing more is known of one here than all have had: `audit/rejudge.ts` reads them.
 */
export const EntryAction = z.looseObject({ type: z.string(), reason: z.string().optional() });
export type EntryAction = z.infer<typeof EntryAction>;

/**
 * The rules by which entries are judged today. Rules that become stricter get a new number; entries keep the one under
 * which they were made, and are judged by it for ever. 1: those that name none.
 */
export const ruleset = 2;

/** The header of a recommendation's entry: who, for whom, when, by which command, and what it changed in the ledger. */
export const Header = z.object({
  version: z.literal(1),
  ruleset: z.number().int().min(1).default(1),
  /** Milliseconds since 1970, by the server's clock; never before the entry before it. */
  at: z.number().int(),
  by: Author,
  /** The party in whose name the rapporteur typed; null where the author acts in their own. */
  onBehalfOf: PartyCode.nullable(),
  command: EntryAction,
  changes: z.array(StateChange),
});
export type Header = z.infer<typeof Header>;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export const encodeHeader = (header: Header): Uint8Array => encoder.encode(JSON.stringify(header));

/** Throws a `ZodError` or `SyntaxError` for a header that this version did not write. */
export const decodeHeader = (bytes: Uint8Array): Header => Header.parse(JSON.parse(decoder.decode(bytes)));
