import { batch, computed, effect, signal, untracked } from '@preact/signals';
import type { Principal } from '../../shared/meeting/principal.ts';
import type { Situation } from '../../shared/negotiation/command.ts';
import { amendmentNumbers } from '../../shared/negotiation/families/amendment/numbers.ts';
import type { Wish } from '../../shared/negotiation/registry.ts';
import { LiveState, statusOf } from '../../shared/negotiation/state.ts';
import type { MeetingView } from '../../shared/protocol/contract.ts';
import type { ConcordError } from '../../shared/protocol/errors.ts';
import {
  type ClauseId,
  type MarkId,
  newClauseId,
  newMarkId,
  type PartyCode,
  type RecommendationId,
} from '../../shared/protocol/ids.ts';
import {
  isUnresolved,
  type StandingAmendment,
  sponsorsOf,
  standingAmendments,
  standingBrackets,
} from '../../shared/text/amendment.ts';
import type { Capacity } from '../../shared/text/authority.ts';
import type { Clause } from '../../shared/text/clause.ts';
import { type ClauseReference, clauseReferences, type LabelStyle, labels } from '../../shared/text/labels.ts';
import { type Caret, createEditor, type Editor } from '../editor/editor.ts';
import type { EditorWords, Facts, PartyFace } from '../editor/facts.ts';
import { Follower } from './follow.ts';
import { sameList, sameValues } from './same.ts';
import { SeenTexts, type Shown } from './seen.ts';
import { type As, type Refusal, SyncClient, wordsToUseAgain } from './syncClient.ts';

/** A command that the person gave, and the text on which they gave it. */
export interface Changed {
  readonly wish: Wish;
  readonly seen: readonly Clause[];
}

/** Callbacks and values that the page gives to the drafting session. */
export interface DraftingSessionOptions {
  readonly recommendation: RecommendationId;
  readonly me: Principal;
  /** The account name. */
  readonly account: string;
  /** The current state of the meeting. */
  readonly meeting: () => MeetingView;
  readonly words: () => EditorWords;
  readonly labelStyle: () => LabelStyle;
  readonly face: (party: PartyCode) => PartyFace;
  /** Reports an edit that is not allowed and was not made. */
  readonly onRefused: (error: ConcordError) => void;
  /** Reports that two clauses were not joined. */
  readonly onApart: (capacity: Capacity | null) => void;
  /** Reports that an undo was not done, since another person has written in that edit since. */
  readonly onKept: () => void;
}

/**
 * A recommendation open for drafting: its text, its negotiation state, the editor, and the caret.
 *
 * The editor shows a letter at once; `text`, `caret` and all values computed from them follow after the paint.
 * Unchanged parts keep their identity, so that of a hundred cards only the changed ones are drawn again.
 */
export class DraftingSession {
  readonly text = signal<readonly Clause[]>([]);
  readonly draft = signal<SyncClient | null>(null);
  readonly caret = signal<Caret>({ clause: null, marks: [] });
  /** The amendment or bracket under the pointer. */
  readonly active = signal<MarkId | null>(null);
  readonly refusals = signal<readonly Refusal[]>([]);
  /** A decision that was refused because its words had changed. */
  readonly changed = signal<Changed | null>(null);
  readonly as = signal<As>(null);
  readonly ready = signal(false);
  readonly #options: DraftingSessionOptions;
  readonly #stops: (() => void)[] = [];
  #place: HTMLElement | null = null;
  #editor: Editor | null = null;
  #left = false;
  /** The keys, in local storage, of words that were refused. */
  readonly #givenBack = new Set<string>();
  /** The mark at which the caret pointed last. */
  #pointed: MarkId | null = null;
  readonly #follower = new Follower(() => this.#follow());
  readonly #seen = new SeenTexts();

  constructor(options: DraftingSessionOptions) {
    this.#options = options;
    this.as.value = options.me.role === 'rapporteur' ? 'base' : null;
  }

  readonly negotiation = computed(() => {
    this.draft.value?.recordVersion.value;
    // Takes a new value at each change, so that computed signals depend on it.
    return new LiveState(this.draft.value?.negotiation);
  });
  #amendments: readonly StandingAmendment[] = [];
  readonly amendments = computed(() => {
    const known = new Map(this.#amendments.map((amendment) => [amendment.id, amendment]));
    const now = standingAmendments(this.text.value, this.negotiation.value).map((amendment) => {
      const before = known.get(amendment.id);
      return before !== undefined && sameAmendment(before, amendment) ? before : amendment;
    });
    if (!sameList(now, this.#amendments)) this.#amendments = now;
    return this.#amendments;
  });
  /** The numbers of all amendments, also of decided ones. */
  readonly numbers = computed(() => amendmentNumbers(this.negotiation.value.marks));
  readonly count = computed(() => this.amendments.value.length);
  /** The connection's problem, if it has one. */
  readonly line = computed(() => {
    const saving = this.draft.value?.saving.value;
    return saving === 'offline' || saving === 'ended' || saving === 'evicted' ? saving : null;
  });
  #references: ReadonlyMap<ClauseId, ClauseReference> = new Map();
  readonly #referenceById = computed(() => {
    const text = this.text.value;
    const now = clauseReferences(text, this.negotiation.value, this.#options.labelStyle());
    const byId = new Map(
      text.map(({ id }, at) => {
        const before = this.#references.get(id);
        const reference = now[at] ?? noReference;
        return [id, before !== undefined && sameReference(before, reference) ? before : reference];
      }),
    );
    if (!sameValues(byId, this.#references)) this.#references = byId;
    return this.#references;
  });
  /** Whether the text is empty, so that there is nothing to amend. */
  readonly isEmpty = computed(() => this.text.value.length === 0);
  // The meeting changes several times a second (its counts do); these parts of it change seldom.
  readonly #currentClause = computed(() => this.#options.meeting().currentClause);
  readonly #parties = computed(() => this.#options.meeting().parties);
  readonly #drafting = computed(() => this.#options.meeting().drafting);
  /** Everything that a decision depends on, except the words. */
  readonly terms = computed(
    (): Omit<Situation, 'text'> => ({
      negotiation: this.negotiation.value,
      meeting: {
        parties: new Map(this.#parties.value.map((party) => [party.code, party])),
        drafting: this.#drafting.value,
      },
    }),
  );
  readonly situation = computed((): Situation => ({ ...this.terms.value, text: this.text.value }));
  readonly clause = computed(() => this.text.value.find(({ id }) => id === this.caret.value.clause) ?? null);
  readonly capacity = computed((): Capacity | null => {
    const { me } = this.#options;
    // The document sends nothing any more, so words typed into it would be lost.
    if (!this.#drafting.value || this.line.value === 'ended' || this.line.value === 'evicted') return null;
    if (me.role === 'delegate' && me.party !== null) return { proposesFor: me.party };
    if (me.role !== 'rapporteur') return null;
    const as = this.as.value;
    return as === 'base' || as === null ? { edits: 'base' } : { proposesFor: as };
  });

  /** The version that the person decides on: shown long enough to be read. */
  seen(): Shown {
    return this.#seen.get() ?? { text: this.text.peek(), negotiation: this.negotiation.peek() };
  }
  /** Marks the version on screen as seen: the person made the change or was shown the difference. */
  lookAtNow(): void {
    this.#seen.knows();
  }

  referenceOf(id: ClauseId): ClauseReference {
    return this.#referenceById.value.get(id) ?? noReference;
  }
  /** The number of an amendment, for ever: no signal, since it never changes. */
  numberOf(id: MarkId): string {
    return this.numbers.peek().get(id) ?? '';
  }
  isUnresolved(clause: Clause): boolean {
    return isUnresolved(clause, this.negotiation.value);
  }
  bracketsOf(clause: Clause): readonly MarkId[] {
    return standingBrackets(clause, this.negotiation.value);
  }

  /** Opens the document and mounts the editor in an element of the page. */
  async open(place: HTMLElement): Promise<void> {
    this.#place = place;
    await this.#begin();
    // Negotiation state, current clause and pointer change the decorations, not the words.
    this.#stops.push(effect(() => this.#seen.show({ text: this.text.value, negotiation: this.negotiation.value })));
    this.#stops.push(
      effect(() => {
        this.draft.value?.recordVersion.value;
        this.active.value;
        this.#currentClause.value;
        this.#parties.value;
        this.capacity.value;
        this.#options.labelStyle();
        untracked(() => this.#editor?.redraw());
      }),
    );
  }

  leave(): void {
    this.#left = true;
    this.#follower.stop();
    for (const stop of this.#stops) stop();
    this.#editor?.destroy();
    this.draft.value?.leave();
  }

  get editor(): Editor | null {
    return this.#editor;
  }

  /** The rapporteur switches to another capacity; false while edits are on their way. */
  writeAs(as: As): boolean {
    if (this.draft.value?.writeAs(as) !== true) return false;
    this.as.value = as;
    this.#editor?.forgetPast();
    return true;
  }

  point(id: MarkId | null, caret = false): void {
    this.active.value = id;
    if (id !== null) this.#editor?.showMark(id, caret);
  }

  async #begin(): Promise<void> {
    const { recommendation, me, account } = this.#options;
    const draft = await SyncClient.open({
      recommendation,
      participant: me.participant,
      account,
      as: this.as.peek(),
      onEnded: (ending, why) => void (ending === 'barred' ? this.#barred(draft, why) : this.#refused(draft, why)),
      butNot: this.#givenBack,
      onVanished: (words) => this.#giveBack({ code: 'clause-gone', message: '', clause: null }, words),
    });
    if (this.#left) {
      draft.leave();
      return;
    }
    batch(() => {
      this.draft.value = draft;
      this.as.value = draft.as;
    });
    const stop = draft.synced.subscribe((synced) => {
      if (!synced || this.#editor !== null || this.#left || this.draft.peek() !== draft) return;
      this.#show(draft);
    });
    this.#stops.push(stop);
  }

  #show(draft: SyncClient): void {
    if (this.#place === null) return;
    this.#editor = createEditor(
      this.#place,
      {
        doc: draft.doc,
        awareness: draft.awareness,
        context: () => ({
          capacity: this.capacity.peek(),
          negotiation: draft.negotiation,
          newMark: () => newMarkId(),
          newClause: () => newClauseId(),
        }),
        facts: () => this.#facts(draft),
        onRefused: this.#options.onRefused,
        onApart: () => this.#options.onApart(this.capacity.peek()),
        onKept: this.#options.onKept,
        onChange: (here) => (here ? this.#follower.soon() : this.#follower.late()),
      },
      this.#options.words().label,
    );
    this.#follower.now();
    // A decision of the chair clears the undo stack: an undo across it would touch decided text.
    const decided = (): void => this.#editor?.forgetPast();
    let count = decisions(draft.negotiation);
    this.#stops.push(
      draft.recordVersion.subscribe(() => {
        const now = decisions(draft.negotiation);
        if (now !== count) decided();
        count = now;
      }),
    );
    this.ready.value = true;
  }

  /** Updates the panels to the text that the editor shows. */
  #follow(): void {
    const editor = this.#editor;
    if (editor === null) return;
    batch(() => {
      this.text.value = editor.text();
      const caret = editor.caret();
      const before = this.caret.peek();
      const moved = caret.clause !== before.clause || !sameList(caret.marks, before.marks);
      if (moved) this.caret.value = caret;
      const marks = this.draft.peek()?.negotiation.marks;
      const pointed = caret.marks.find((id) => marks?.get(id)?.state === 'open') ?? null;
      if (moved || pointed !== this.#pointed) this.active.value = pointed;
      this.#pointed = pointed;
    });
  }

  #facts(draft: SyncClient): Facts {
    const { negotiation } = draft;
    const { face, words, labelStyle } = this.#options;
    const capacity = this.capacity.peek();
    const own = capacity !== null && 'proposesFor' in capacity ? capacity.proposesFor : null;
    const currentClause = this.#currentClause.peek();
    return {
      face,
      partyOf: (id) => negotiation.marks.get(id)?.party ?? own,
      numberOf: (id) => this.numberOf(id),
      supportersOf: (id) => {
        const record = negotiation.marks.get(id);
        if (record?.kind === 'amendment') return sponsorsOf(record);
        return own === null ? [] : [own];
      },
      sponsorsOf: (id) => negotiation.clauses.get(id)?.sponsors ?? [],
      statusOf: (id) => statusOf(negotiation, id),
      labels: (clauses) => labels(clauses, negotiation, labelStyle()),
      active: this.active.peek(),
      currentClause: currentClause?.recommendation === this.#options.recommendation ? currentClause.clause : null,
      words: words(),
    };
  }

  /**
   * The participant has no access now: unsent words are shown, and stay on the device until they are sent or deleted.
   */
  #barred(draft: SyncClient, why: Pick<Refusal, 'code' | 'message' | 'clause'>): void {
    const words = draft.unsentWords();
    this.#tell({ ...why, words, discard: words.length === 0 ? null : () => draft.forget() });
  }

  /** The document was refused: the session opens the server's text anew and shows the person's words beside it. */
  async #refused(draft: SyncClient, why: Pick<Refusal, 'code' | 'message' | 'clause'>): Promise<void> {
    this.#follower.stop();
    this.#editor?.destroy();
    this.#editor = null;
    this.ready.value = false;
    this.#givenBack.add(draft.key);
    await this.#begin();
    const next = this.draft.peek();
    draft.leave();
    if (next === null || next === draft) return;
    const { as } = draft;
    const party = as === 'base' ? null : (as ?? this.#options.me.party);
    const isOwn = (id: MarkId): boolean => (draft.negotiation.marks.get(id)?.party ?? party) === party;
    const stop = next.synced.subscribe((synced) => {
      if (!synced) return;
      this.#giveBack(why, wordsToUseAgain(draft, next.doc, isOwn));
      draft.forget();
    });
    this.#stops.push(stop);
  }

  #tell(refusal: Refusal): void {
    this.refusals.value = [...this.refusals.value, refusal];
  }

  #giveBack(why: Pick<Refusal, 'code' | 'message' | 'clause'>, words: Refusal['words']): void {
    // The client heard of the clause's removal before the refusal, and has given the words back already.
    if (why.code === 'clause-gone' && words.length === 0 && this.refusals.peek().length > 0) return;
    this.#tell({ ...why, words, discard: null });
  }

  /** Connects a page again that was disconnected because too many were open. */
  takeOver(): void {
    this.draft.peek()?.resume();
  }

  dismiss(refusal: Refusal): void {
    refusal.discard?.();
    this.refusals.value = this.refusals.value.filter((one) => one !== refusal);
  }
}

/** Of a clause that isn't in the text. */
const noReference: ClauseReference = { kind: 'operative', label: '', number: '' };
const sameReference = (one: ClauseReference, other: ClauseReference): boolean =>
  one.kind === other.kind && one.label === other.label && one.number === other.number;

const sameAmendment = (one: StandingAmendment, other: StandingAmendment): boolean =>
  one.record === other.record &&
  one.kind === other.kind &&
  one.struck === other.struck &&
  one.inserted === other.inserted &&
  sameList(one.clauses, other.clauses);

/** Counts decisions: closed marks, and clauses that are not open. */
function decisions(negotiation: SyncClient['negotiation']): number {
  let count = 0;
  for (const mark of negotiation.marks.values()) if (mark.state !== 'open') count += 1;
  for (const { status } of negotiation.clauses.values()) count += status.decided?.at ?? 0;
  return count;
}
