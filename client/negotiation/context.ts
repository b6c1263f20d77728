import type { Principal } from '../../shared/meeting/principal.ts';
import type { Wish } from '../../shared/negotiation/registry.ts';
import type { PartyView } from '../../shared/protocol/contract.ts';
import type { PartyCode, RecommendationId } from '../../shared/protocol/ids.ts';
import type { DraftingSession } from '../drafting/session.ts';
import type { PartyFace } from '../editor/facts.ts';

/** What every panel beside the text works with. */
export interface DraftingContext {
  readonly recommendation: RecommendationId;
  readonly drafting: DraftingSession;
  readonly me: Principal;
  readonly parties: () => readonly PartyView[];
  readonly face: (party: PartyCode) => PartyFace;
  /** Orders something of the server. False where it was refused, which the person has been told. */
  readonly execute: (command: Wish) => Promise<boolean>;
  /** Says something to the person, seen and heard. */
  readonly say: (sentence: string) => void;
}
