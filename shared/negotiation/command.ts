import { z } from 'zod';
import type { MeetingState } from '../meeting/meeting.ts';
import type { Principal, Role } from '../meeting/principal.ts';
import { ConcordError } from '../protocol/errors.ts';
import type { ClauseId, MarkId, PartyCode } from '../protocol/ids.ts';
import type { Clause } from '../text/clause.ts';
import { bracketDigest, type Digest, Digests, Seen } from '../text/digest.ts';
import type { TextOperation } from '../text/operations.ts';
import type { StoredEvent } from './event.ts';
import type { NegotiationState } from './state.ts';

/** The inputs of a decision. */
export interface Situation {
  readonly text: readonly Clause[];
  readonly negotiation: NegotiationState;
  readonly meeting: Pick<MeetingState, 'parties' | 'drafting'>;
}

/** The effects of a command, in one entry: the events, and the operations on the text. */
export interface Decision {
  readonly operations: readonly TextOperation[];
  readonly events: readonly StoredEvent[];
}

/** The digests of the words that the actor saw; null where a caller only asks whether the command may be given. */
export type Looked = Seen | null | undefined;

/** A parsed command: `input` holds its own fields. */
export interface StoredCommand {
  readonly type: string;
}

/**
 * The confirmation that a screen asks for before it sends a command: none, or a sentence (`confirm.<type>` in the word
 * files).
 */
export type Confirmation = 'none' | 'asks';

/** A command as the registry knows it. */
export interface CommandKind {
  readonly type: string;
  /** The whole command, with its type: what OpenAPI describes. */
  readonly schema: z.ZodType;
  /** Throws a `ZodError` for input outside of the schema. */
  readonly parse: (value: unknown) => StoredCommand;
  /** The body of its request: the command without its type. */
  readonly body: z.ZodType;
  /** One sentence for integrators. */
  readonly summary: string;
  readonly actors: readonly Role[];
  readonly confirmation: Confirmation;
  /** Whether it takes a reason for the record. */
  readonly takesReason: boolean;
  /** The party in whose name it is given, where the rapporteur gives it. */
  readonly onBehalfOf: (command: StoredCommand, state: NegotiationState) => PartyCode | null;
  /** Adds the digests of the words on screen to a wish. */
  readonly see: (wish: StoredCommand, shown: Pick<Situation, 'text' | 'negotiation'>) => StoredCommand;
  /** Throws the `ConcordError` of the refusal. `looks`: false where a caller only asks whether it may be given. */
  readonly decide: (situation: Situation, command: StoredCommand, by: Principal, looks: boolean) => Decision;
}

type InputOf<Type extends string, Shape extends z.ZodRawShape> = { readonly type: Type } & z.infer<z.ZodObject<Shape>>;

/**
 * Declares a command: a POST to `/api/recommendations/:id/<type>` with `input` as its body.
 *
 * `actors`: the roles that may give it; `decide` checks conditions that depend on the state. `whileDraftingClosed`:
 * whether it may be given then, by everybody or by the roles named. `onBehalfOf`: the party of the act, where the
 * rapporteur gives it. `seen`: for a decision on words, the digests of those words; its input gets the field `seen`,
 * and `decide` compares it with the present words (`requireSeen`).
 */
export function defineCommand<const Type extends string, Shape extends z.ZodRawShape>(declared: {
  readonly type: Type;
  readonly summary: string;
  readonly input: Shape;
  readonly actors: readonly Role[];
  readonly whileDraftingClosed: boolean | readonly Role[];
  readonly confirmation?: Confirmation;
  readonly onBehalfOf?: (input: InputOf<Type, Shape>, state: NegotiationState) => PartyCode | null;
  readonly seen?: (input: InputOf<Type, Shape>, shown: Pick<Situation, 'text' | 'negotiation'>) => Seen | undefined;
  readonly decide: (situation: Situation, input: InputOf<Type, Shape>, by: Principal, seen: Looked) => Decision;
}): CommandKind & { readonly type: Type; readonly input: z.ZodObject<Shape> } {
  const { type, actors, whileDraftingClosed, onBehalfOf, seen, decide } = declared;
  const input = z.object(declared.input);
  const fields = { ...declared.input, type: z.literal(type) };
  const schema = z.object(seen === undefined ? fields : { ...fields, seen: Seen.optional() });
  const Looking = z.object({ seen: Seen.optional() });
  const read = (command: StoredCommand): InputOf<Type, Shape> => {
    const parsed = input.safeParse(command);
    // A screen asks about a command that is still being put together: that is a refusal, not a fault.
    if (!parsed.success) throw new ConcordError('bad-request', { field: parsed.error.issues[0]?.path.join('.') ?? '' });
    return { ...parsed.data, type };
  };
  return {
    type,
    input,
    schema,
    body: seen === undefined ? input : input.extend({ seen: Seen.optional() }),
    parse: (value) => ({ ...schema.parse(value), type }),
    summary: declared.summary,
    actors,
    confirmation: declared.confirmation ?? 'none',
    takesReason: 'reason' in declared.input,
    onBehalfOf: (command, state) => onBehalfOf?.(read(command), state) ?? null,
    see: (wish, shown) => {
      const saw = seen?.(read(wish), shown);
      return saw === undefined ? wish : { ...wish, ...{ seen: saw } };
    },
    decide: (situation, command, by, looks) => {
      if (!actors.includes(by.role)) throw new ConcordError('role-may-not');
      const isOpen =
        situation.meeting.drafting ||
        (typeof whileDraftingClosed === 'boolean' ? whileDraftingClosed : whileDraftingClosed.includes(by.role));
      if (!isOpen) throw new ConcordError('drafting-closed');
      return decide(situation, read(command), by, looks ? Looking.parse(command).seen : null);
    },
  };
}

const digests = new WeakMap<Situation, Digests>();
/** The digests of a situation: looked up once, however many amendments a command names. */
export function digestsOf(situation: Situation): Digests {
  const known = digests.get(situation) ?? new Digests(situation.text, situation.negotiation);
  digests.set(situation, known);
  return known;
}

/** Throws `changed-since` where the words have changed since they were seen. */
export function requireSeen(
  seen: Looked,
  id: string,
  now: () => Digest,
  where: { clause: string } | { mark: string },
): void {
  if (seen === null) return;
  const then = seen?.[id];
  if (then === undefined) throw new ConcordError('bad-request', { field: 'seen', ...where });
  if (then !== now()) throw new ConcordError('changed-since', where);
}

export function clauseIn({ text }: Pick<Situation, 'text'>, id: ClauseId): Clause {
  const clause = text.find((candidate) => candidate.id === id);
  if (clause === undefined) throw new ConcordError('not-found', { clause: id });
  return clause;
}

export const seenBracket = (text: readonly Clause[], id: MarkId): Seen => ({ [id]: bracketDigest(text, id) });

/** The party speaks by its delegates, or by the rapporteur on its behalf. */
export const speaksFor = (by: Principal, party: PartyCode): boolean =>
  by.role === 'rapporteur' || (by.role === 'delegate' && by.party === party);
