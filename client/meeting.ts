import { signal } from '@preact/signals';
import { z } from 'zod';
import type { MeetingCommand } from '../shared/meeting/meeting.ts';
import { InvitationLink, MeetingNotice, MeetingView } from '../shared/protocol/contract.ts';
import type { MeetingId, ParticipantId, PartyCode } from '../shared/protocol/ids.ts';
import { ApiError, get, post, send, split } from './api.ts';
import type { PartyFace } from './editor/facts.ts';
import { chooseSeat, chosenSeat, inSeat } from './seat.ts';
import { nameOf } from './words.ts';

/** A meeting as its screens share it: fetched once, kept up to date by its events. */
export class Meeting {
  readonly id: MeetingId;
  readonly view = signal<MeetingView | null>(null);
  readonly error = signal<ApiError | null>(null);
  /** False while what is shown may be old. */
  readonly live = signal(true);
  #events: EventSource | null = null;
  #again: ReturnType<typeof setTimeout> | null = null;
  #users = 0;
  #starts = 0;

  constructor(id: MeetingId) {
    this.id = id;
  }

  /** A screen looks at it; the returned function says that it has gone. */
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
      // Another seat was taken meanwhile: what is shown is of that one.
      if (seat !== chosenSeat(this.id)) return;
      this.view.value = view;
      this.error.value = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (seat !== null && error.code === 'not-found') {
        // The seat has ended, or somebody else is signed in now.
        if (seat === chosenSeat(this.id)) chooseSeat(this.id, null);
        return this.refresh();
      }
      this.error.value = error;
    }
  }

  /** Acts from another of the account's seats, on every screen of this tab, until it is changed again. */
  async sitAt(seat: ParticipantId): Promise<void> {
    chooseSeat(this.id, seat);
    this.#stop();
    if (this.#users > 0) await this.#start();
  }

  /** Nothing is asked or ordered in another name than the screen shows. */
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
    // The last screen left meanwhile, or another seat was taken, for which `sitAt` starts anew.
    if (start === this.#starts && this.#users > 0) this.#listen();
  }

  #listen(): void {
    const view = this.view.peek();
    // Observers have no events here: their page is the text's.
    if (view === null || view.me?.role === 'observer') return;
    const events = new EventSource(this.#address('/events'));
    this.#events = events;
    events.onopen = () => {
      // What happened while nobody listened.
      if (!this.live.peek()) void this.refresh();
      this.live.value = true;
    };
    events.onerror = () => {
      this.live.value = false;
      // A stream that the server ended for good is not tried again by the browser.
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
      case 'floor':
        this.view.value = { ...view, floor: notice.floor };
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

/** How a party is shown in a meeting. One that is no longer in it still has its code. */
export function faceIn(view: Pick<MeetingView, 'parties'>, code: PartyCode): PartyFace {
  const party = view.parties.find((candidate) => candidate.code === code);
  return party === undefined
    ? { code, name: code, colour: 'party-none' }
    : { code, name: nameOf(party), colour: `party-${party.colour}` };
}
