import type { Principal } from '../../shared/meeting/principal.ts';
import type { Wish } from '../../shared/negotiation/registry.ts';
import type { PartyView } from '../../shared/protocol/contract.ts';
import type { ClauseId, PartyCode, RecommendationId } from '../../shared/protocol/ids.ts';
import type { DraftingSession } from '../drafting/session.ts';
import type { PartyFace } from '../editor/facts.ts';

/** The context that all panels beside the text share. */
export interface DraftingContext {
  readonly recommendation: RecommendationId;
  readonly drafting: DraftingSession;
  readonly me: Principal;
  readonly parties: () => readonly PartyView[];
  /** The name of a clause in the meeting: "Recommendation 4, clause 2 (a)". */
  readonly placeOf: (clause: ClauseId) => string;
  readonly face: (party: PartyCode) => PartyFace;
  /** Sends a command to the server. False where it was refused, which the person has been told. */
  readonly execute: (command: Wish) => Promise<boolean>;
  /** Announces a sentence on screen and to screen readers. */
  readonly say: (sentence: string) => void;
}
