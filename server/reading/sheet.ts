import type { MeetingState } from '../../shared/meeting/meeting.ts';
import type { NegotiationState } from '../../shared/negotiation/state.ts';
import type { RecommendationId } from '../../shared/protocol/ids.ts';
import type { Clause } from '../../shared/text/clause.ts';
import type { Language } from '../../shared/words/words.ts';

/** A piece of a page with an id of its own: one fragment of HTML, the same bytes for all. */
export interface Fragment {
  readonly id: string;
  readonly html: string;
}

/** A committed text with its negotiation state. */
export interface ShownText {
  readonly text: readonly Clause[];
  readonly negotiation: NegotiationState;
}

/** The content of a whole page. */
export interface PageContent {
  readonly meeting: MeetingState;
  /** The clauses of the recommendations, where the sheet shows them. */
  readonly clauses: ReadonlyMap<RecommendationId, readonly Fragment[]>;
  readonly parts: readonly Fragment[];
  /** The patch from which the event stream continues. */
  readonly version: number;
  /** The moment at which the page is made, ms since 1970. */
  readonly at: number;
  readonly language: Language;
}

/**
 * A page that the server renders and keeps live. `meeting.observerView` is the view of its readers. A page consists of
 * the clauses of recommendations, and of parts that follow the clause under discussion; each is patched by its id.
 */
export interface Sheet {
  /** Whether a change of the meeting leaves the page as it is beside its clauses and parts; else readers reload it. */
  isSamePage(before: MeetingState, after: MeetingState): boolean;
  /** Absent: the sheet shows no clauses beside its parts. `found` is null for a text that this version can't open. */
  clauses?(
    found: ShownText | null,
    recommendation: RecommendationId,
    meeting: MeetingState,
    language: Language,
  ): readonly Fragment[];
  /** `found`: the recommendation under discussion; null without one. The same ids each time. */
  parts(meeting: MeetingState, found: ShownText | null, language: Language): readonly Fragment[];
  /** The whole page, complete without JavaScript. */
  page(content: PageContent): string;
}
