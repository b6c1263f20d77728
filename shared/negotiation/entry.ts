import { z } from 'zod';
import { Principal } from '../meeting/principal.ts';
import { ConcordError } from '../protocol/errors.ts';
import { PartyCode } from '../protocol/ids.ts';
import { type Act, Actor } from './act.ts';
import type { StoredEvent } from './event.ts';
import { effectsOf, readEvents } from './events.ts';
import { type NegotiationState, StateChange } from './state.ts';

/**
 * The cause of an entry: the command that made it, as it was stored; `typing` is an edit of the live text, `create`
 * imports a text. Commands change with their ruleset, so only the fields common to all versions are known here.
 */
export const EntryAction = z.looseObject({ type: z.string(), reason: z.string().optional() });
export type EntryAction = z.infer<typeof EntryAction>;

/** The cause of an entry that names no command. */
export const typing: EntryAction = { type: 'typing' };

/**
 * The rules by which entries are judged today. Stricter rules get a new number; entries keep the one under which they
 * were made, and are judged by it for ever. 1: entries without a number.
 */
export const ruleset = 3;

/** The version of the header that is written today. */
const newest = 2;

const time = z.number().int();

/** Version 2: events say what happened. */
const HeaderTwo = z.object({
  v: z.literal(2),
  at: time,
  actor: Actor,
  onBehalfOf: PartyCode.nullable(),
  /** Absent for typing. */
  command: EntryAction.optional(),
  ruleset: z.number().int().min(1),
  events: z.array(z.looseObject({ type: z.string(), v: z.number().int().min(1) })),
});

/** Version 1, of programs up to 0.1.0: whole records of all that changed. */
const HeaderOne = z.object({
  version: z.literal(1),
  ruleset: z.number().int().min(1).default(1),
  at: time,
  by: z.union([Principal, z.object({ administrator: z.string() })]),
  onBehalfOf: PartyCode.nullable(),
  command: EntryAction,
  changes: z.array(StateChange),
});

const Version = z.object({ v: z.number().optional(), version: z.number().optional() });

/** The header of a recommendation's entry, of any version. */
export interface Header extends Act {
  readonly ruleset: number;
  readonly command: EntryAction;
  /** The events, in their newest form; for version 1, the records that it stored whole. */
  readonly recorded: { readonly events: readonly StoredEvent[] } | { readonly records: readonly StateChange[] };
}

/** An entry that is being made. */
export interface NewHeader extends Act {
  readonly command: EntryAction;
  readonly events: readonly StoredEvent[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export function encodeHeader({ at, actor, onBehalfOf, command, events }: NewHeader, rules = ruleset): Uint8Array {
  const stored: z.input<typeof HeaderTwo> = {
    v: newest,
    at,
    actor,
    onBehalfOf,
    ...(command.type === typing.type ? {} : { command }),
    ruleset: rules,
    events: events.map((event) => ({ ...event })),
  };
  return encoder.encode(JSON.stringify(stored));
}

/**
 * Reads a header. Throws `record-newer` for one that a later version wrote, and a `ZodError` or `SyntaxError` for an
 * invalid one.
 */
export function decodeHeader(bytes: Uint8Array): Header {
  const stored: unknown = JSON.parse(decoder.decode(bytes));
  const { v, version } = Version.parse(stored);
  if (v === undefined && version === 1) {
    const { at, by, onBehalfOf, command, ruleset, changes } = HeaderOne.parse(stored);
    const actor = 'administrator' in by ? { operator: by.administrator } : by;
    return { at, actor, onBehalfOf, command, ruleset, recorded: { records: changes } };
  }
  if ((v ?? version ?? 0) > newest) throw new ConcordError('record-newer', { field: `entry, ${v ?? version}` });
  const { at, actor, onBehalfOf, command, ruleset, events } = HeaderTwo.parse(stored);
  return { at, actor, onBehalfOf, command: command ?? typing, ruleset, recorded: { events: readEvents(events) } };
}

/** The whole records after an entry. Throws a `RangeError` where its events don't follow from the state. */
export const changesOf = (header: Header, state: NegotiationState): readonly StateChange[] =>
  'records' in header.recorded ? header.recorded.records : effectsOf(header.recorded.events, header, state);
