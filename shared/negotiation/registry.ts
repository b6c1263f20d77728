import type { z } from 'zod';
import type { Principal } from '../meeting/principal.ts';
import { ConcordError, type ErrorCode } from '../protocol/errors.ts';
import type { PartyCode } from '../protocol/ids.ts';
import type { Seen } from '../text/digest.ts';
import type { CommandKind, Decision, Situation, StoredCommand } from './command.ts';
import { families } from './families/families.ts';
import type { NegotiationState } from './state.ts';

/** A family of a negotiation's matters, as far as commands go. */
export interface CommandFamily {
  readonly name: string;
  readonly commands: readonly CommandKind[];
}

/**
 * The commands of a set of families. It drives the routes and their description, the rights on server and screen, and the
 * confirmation that a screen asks for.
 */
export class Registry {
  readonly #kinds: ReadonlyMap<string, CommandKind>;

  /** Throws a `RangeError` where two commands have one type. */
  constructor(of: readonly CommandFamily[]) {
    const kinds = of.flatMap(({ commands }) => commands);
    this.#kinds = new Map(kinds.map((kind) => [kind.type, kind]));
    if (this.#kinds.size < kinds.length) throw new RangeError('two commands have one type');
  }

  get kinds(): readonly CommandKind[] {
    return [...this.#kinds.values()];
  }

  /** Throws `not-found` for a type that no family has. */
  kind(type: string): CommandKind {
    const kind = this.#kinds.get(type);
    if (kind === undefined) throw new ConcordError('not-found', { field: type });
    return kind;
  }

  /**
   * What a command makes happen. Throws the `ConcordError` that says why not. Pure: the server performs what it returns, and
   * the screen asks the same (`whyNot`).
   */
  decide(situation: Situation, command: StoredCommand, by: Principal): Decision {
    return this.kind(command.type).decide(situation, command, by, true);
  }

  /** The code of the refusal that a command would meet now; null where it may be given. */
  whyNot(situation: Situation, wish: StoredCommand, by: Principal): ErrorCode | null {
    try {
      this.kind(wish.type).decide(situation, wish, by, false);
      return null;
    } catch (error) {
      if (error instanceof ConcordError) return error.code;
      throw error;
    }
  }

  /** The party whose act it is, where the rapporteur gives the command. */
  onBehalfOf(command: StoredCommand, by: Principal, state: NegotiationState): PartyCode | null {
    return by.role === 'rapporteur' ? this.kind(command.type).onBehalfOf(command, state) : null;
  }
}

export const registry = new Registry(families);

type Kind = (typeof families)[number]['commands'][number];

/** A command as a screen gives it: \`seen\` is added from what the screen shows. */
export type Wish = Kind extends infer One
  ? One extends { readonly type: infer Type; readonly input: infer Input extends z.ZodType }
    ? { readonly type: Type } & z.infer<Input>
    : never
  : never;

/** A command of one of the families, with the digests of the words that it is about. */
export type Command = Wish & { readonly seen?: Seen | undefined };

const isKnown = (command: StoredCommand): command is Command =>
  registry.kinds.some(({ type }) => type === command.type);

/** Parses a command. Throws `not-found` for an unknown type, and a `ZodError` for what its schema doesn't allow. */
export function parseCommand(value: StoredCommand): Command {
  const command = registry.kind(value.type).parse(value);
  if (!isKnown(command)) throw new ConcordError('not-found', { field: value.type });
  return command;
}

export const decide = (situation: Situation, command: Command | StoredCommand, by: Principal): Decision =>
  registry.decide(situation, command, by);

export const whyNot = (situation: Situation, wish: Wish, by: Principal): ErrorCode | null =>
  registry.whyNot(situation, wish, by);

/** A command on what stands in a text now: for those who decide by what is on the screen. */
export function onWhatIsSeen(shown: Pick<Situation, 'text' | 'negotiation'>, wish: Wish): Command {
  const command = registry.kind(wish.type).see(wish, shown);
  if (!isKnown(command)) throw new ConcordError('not-found', { field: wish.type });
  return command;
}
