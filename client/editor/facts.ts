import type { Status } from '../../shared/negotiation/families/status/state.ts';
import type { ClauseId, MarkId, PartyCode } from '../../shared/protocol/ids.ts';
import type { Clause } from '../../shared/text/clause.ts';

/** The display of a party: its code for people who don't see colours, its index in the palette, its name. */
export interface PartyFace {
  readonly code: string;
  readonly name: string;
  /** `party-0` … `party-23`. */
  readonly colour: string;
}

/**
 * Facts that the editor draws beside the words; all of them come from the server's negotiation state, never from the
 * text.
 */
export interface Facts {
  readonly face: (party: PartyCode) => PartyFace;
  /** The party behind a mark. An unregistered mark is the writer's own. */
  readonly partyOf: (mark: MarkId) => PartyCode | null;
  /** The number of an amendment; empty before the server has registered it, and for other marks. */
  readonly numberOf: (mark: MarkId) => string;
  /** The party of an amendment and those that accepted to sponsor it. */
  readonly supportersOf: (mark: MarkId) => readonly PartyCode[];
  readonly sponsorsOf: (clause: ClauseId) => readonly PartyCode[];
  readonly statusOf: (clause: ClauseId) => Status;
  /** The computed numbers, one a clause. */
  readonly labels: (clauses: readonly Clause[]) => readonly string[];
  /** The amendment or bracket under the pointer, on its card or in the text. */
  readonly active: MarkId | null;
  readonly currentClause: ClauseId | null;
  readonly words: EditorWords;
}

/** The few words inside the editor, in the reader's language. */
export interface EditorWords {
  readonly insertedBy: (party: string) => string;
  readonly struckBy: (party: string) => string;
  readonly bracketedBy: (party: string) => string;
  readonly status: (status: Status) => string;
  readonly proposed: string;
  readonly currentClause: string;
  readonly label: string;
}
