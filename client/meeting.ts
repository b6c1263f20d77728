import { signal } from '@preact/signals';
import { z } from 'zod';
import type { MeetingCommand } from '../shared/meeting/meeting.ts';
import { InvitationLink, MeetingNotice, MeetingView } from '../shared/protocol/contract.ts';
import type { MeetingId, ParticipantId, PartyCode } from '../shared/protocol/ids.ts';
import { ApiError, get, post, send, split } from './api.ts';
import type { PartyFace } from './editor/facts.ts';
import { chooseSeat, chosenSeat, inSeat } from './seat.ts';
import { nameOf } from './words.ts';

/** A meeting as its screens share it: fetched once, kept up to date by its event stream. */
export class Meeting {
  readonly id: MeetingId;
  readonly view = signal<MeetingView | null>(null);
  readonly error = signal<ApiError | null>(null);
  /** False while the shown state may be out of date. */
  readonly live = signal(true);
  #events: EventSource | null = null;
  #again: ReturnType<typeof setTimeout> | null = null;
  #users = 0;
  #starts = 0;

  constructor(id: MeetingId) {
    this.id = id;
  }

  /** Registers a screen; the returned function unregisters it. */
  use(): () => void {
    this.#users += 1;
    if (this.#users === 1) void this.#start();
    return () => {
      this.#users -= 1;
      if (this.#users === 0) this.#stop();
    };
  }

  async refresh(): Promise<void> {
    const seat = chosenSeat(this.id);
    try {
      const view = await get(inSeat(`/api/meetings/${this.id}`, seat), MeetingView);
      // Another accreditation was chosen meanwhile: this answer is for the former one.
      if (seat !== chosenSeat(this.id)) return;
      this.view.value = view;
      this.error.value = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (seat !== null && error.code === 'not-found') {
        // The accreditation has ended, or another person has signed in.
        if (seat === chosenSeat(this.id)) chooseSeat(this.id, null);
        return this.refresh();
      }
      this.error.value = error;
    }
  }

  /** Acts under another of the account's accreditations, on every screen of this tab, until the next choice. */
  async sitAt(seat: ParticipantId): Promise<void> {
    chooseSeat(this.id, seat);
    this.#stop();
    if (this.#users > 0) await this.#start();
  }

  /** No request goes out under another accreditation than the screen shows. */
  #address(rest: string): string {
    return inSeat(`/api/meetings/${this.id}${rest}`, this.view.peek()?.me?.participant ?? null);
  }

  async execute(command: MeetingCommand): Promise<void> {
    const { type, body } = split(command);
    await send('POST', this.#address(`/${type}`), body);
    await this.refresh();
  }

  async accredit(command: Extract<MeetingCommand, { type: 'accredit' }>): Promise<string> {
    const { body } = split(command);
    const { participant } = await post(this.#address('/accredit'), body, z.object({ participant: z.string() }));
    await this.refresh();
    return participant;
  }

  async invite(participant: ParticipantId): Promise<InvitationLink> {
    return post(this.#address(`/participants/${participant}/invitation`), {}, InvitationLink);
  }

  async #start(): Promise<void> {
    this.#starts += 1;
    const start = this.#starts;
    await this.refresh();
    // The last screen left meanwhile, or `sitAt` starts anew for another accreditation.
    if (start === this.#starts && this.#users > 0) this.#listen();
  }

  #listen(): void {
    const view = this.view.peek();
    // Observers have no event stream here: the page of the text has its own.
    if (view === null || view.me?.role === 'observer') return;
    const events = new EventSource(this.#address('/events'));
    this.#events = events;
    events.onopen = () => {
      // Events that were missed before the stream opened.
      if (!this.live.peek()) void this.refresh();
      this.live.value = true;
    };
    events.onerror = () => {
      this.live.value = false;
      // The browser doesn't reopen a stream that the server ended for good.
      if (events.readyState !== EventSource.CLOSED) return;
      this.#again = setTimeout(async () => {
        await this.refresh();
        if (this.#events !== events) return;
        if (this.error.peek() === null || this.error.peek()?.code === 'unreachable') this.#listen();
      }, 2000);
    };
    events.onmessage = ({ data }: MessageEvent<string>) => this.#heard(MeetingNotice.parse(JSON.parse(data)));
  }

  #heard(notice: MeetingNotice): void {
    const view = this.view.peek();
    if (view === null) return;
    switch (notice.type) {
      case 'meeting':
        void this.refresh();
        break;
      case 'current clause':
        this.view.value = { ...view, currentClause: notice.currentClause };
        break;
      case 'progress':
        this.view.value = {
          ...view,
          recommendations: view.recommendations.map((one) =>
            one.id === notice.recommendation ? { ...one, progress: notice.progress } : one,
          ),
        };
        break;
    }
  }

  #stop(): void {
    this.#events?.close();
    this.#events = null;
    if (this.#again !== null) clearTimeout(this.#again);
  }
}

const meetings = new Map<MeetingId, Meeting>();
export function meetingOf(id: MeetingId): Meeting {
  const known = meetings.get(id);
  if (known !== undefined) return known;
  const made = new Meeting(id);
  meetings.set(id, made);
  return made;
}

/** The form in which a party is shown in a meeting. A removed party still has its code. */
export function faceIn(view: Pick<MeetingView, 'parties'>, code: PartyCode): PartyFace {
  const party = view.parties.find((candidate) => candidate.code === code);
  return party === undefined
    ? { code, name: code, colour: 'party-none' }
    : { code, name: nameOf(party), colour: `party-${party.colour}` };
}
