import type { Writable } from 'node:stream';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { WebSocket } from 'ws';
import type { MeetingState } from '../../shared/meeting/meeting.ts';
import type { Principal } from '../../shared/meeting/principal.ts';
import { ConcordError } from '../../shared/protocol/errors.ts';
import { type AccountId, type ParticipantId, PartyCode } from '../../shared/protocol/ids.ts';
import { messageType, syncType, type Verdict } from '../../shared/protocol/wire.ts';
import type { Capacity } from '../../shared/text/authority.ts';
import type { Room } from '../room/room.ts';
import { stageUpdate, type Writer } from '../room/stage.ts';
import { heldByBoth, type StateVector } from '../yjs/stateVector.ts';
import type { Answer, Answers } from './answers.ts';
import type { Pace } from './pace.ts';
import { Presence } from './presence.ts';

/** What a connection needs of the server that it isn't itself. */
export interface Surroundings {
  readonly room: Room;
  /** What the room says to a sync step 1, framed. */
  readonly answers: Pick<Answers, 'read' | 'give'>;
  readonly presence: Presence;
  /** The meeting as it is now: rights are looked up at every update. */
  readonly meeting: () => MeetingState | null;
  /** Who the participant is now; null once the accreditation ended. */
  readonly principal: () => Principal | null;
  /** How fast the account's updates are taken, by whichever connection. */
  readonly pace: Pace;
  /** Whether a client id is nobody else's; from then on it is the participant's. */
  readonly mayBind: (client: number) => boolean;
  /** The sentence of a refusal in the reader's language. */
  readonly sentence: (error: ConcordError) => string;
  readonly onInternal: (error: unknown) => void;
}

export interface Greeting {
  readonly participant: ParticipantId;
  readonly account: AccountId;
  readonly session: string;
  readonly clients: readonly number[];
  readonly verdicts: boolean;
  /** The rapporteur's hand: a party's code, or `base`. */
  readonly as: string | null;
}

/**
 * A reader who is this far behind, beside the text that it asked for, is let go: it comes back and is brought up to date in
 * one message. Bytes; small frames cost the process several times as much as they are long, and hundreds may not read.
 */
const furthestBehind = 1024 * 1024;
/** Updates of one connection that may be under way before it is made to wait. */
const mostUnderWay = 64;
/** Messages a second that a connection may send in the long run, and at once. More are read later, not refused. */
const messagesASecond = 300;
const messagesAtOnce = 1000;

/** Questions who is here that come within this time have one answer, ms. */
const tellingTakes = 50;

/** A socket in a room: frames → messages → submissions, and what is shown → frames. */
export class Connection {
  readonly greeting: Greeting;
  readonly #socket: WebSocket;
  /** The line under the socket, for what is framed already. */
  readonly #line: Writable;
  readonly #around: Surroundings;
  readonly #clients: Set<number>;
  #underWay = 0;
  #budget = messagesAtOnce;
  #budgetAt = performance.now();
  #paused = false;
  #closed = false;
  #deaf = false;
  readonly #waiting: Uint8Array[] = [];
  /** Bytes that may wait for the reader: more for who is still taking a long text. */
  #mayWait = furthestBehind;
  #asked = false;
  /** Whether the client asked what we have, so that we ask in turn. */
  #greeted = false;
  /** Whether it has said what it holds. */
  #answered = false;
  /** Whether an answer to its step 1 is being made, and not taken yet. */
  #answering = false;
  /** What it holds, where it asked again meanwhile: one answer serves however many questions. */
  #askedAgain: StateVector | null = null;
  /**
   * What was shown while an answer is made; null while none is. It must not overtake what the answer asks: the client would
   * send it back as something that we haven't got, and the server's own words are refused from anybody.
   */
  #heldBack: Buffer[] | null = null;
  #heldBackBytes = 0;
  /** It asked who is here, and is told shortly. */
  #telling: NodeJS.Timeout | null = null;
  /** The client id whose cursor this connection tells of. */
  #seen: number | null;
  alive = true;

  constructor(socket: WebSocket, line: Writable, greeting: Greeting, around: Surroundings) {
    this.#socket = socket;
    this.#line = line;
    this.greeting = greeting;
    this.#around = around;
    this.#clients = new Set(greeting.clients);
    this.#seen = greeting.clients[0] ?? null;
  }

  /** The client ids that this connection speaks for. */
  get clients(): ReadonlySet<number> {
    return this.#clients;
  }

  /** One binary frame. Never throws: what can't be read closes the connection with its reason. */
  receive(frame: Uint8Array): void {
    if (this.#closed || this.#deaf) return;
    // A pause stops the socket, not what was read from it already: that waits here.
    if (this.#paused) {
      this.#waiting.push(frame);
      return;
    }
    this.#read(frame);
  }

  /** Takes no more: what is under way is finished, and the client brings the rest when it comes back. */
  stopListening(): void {
    this.#deaf = true;
    this.#waiting.length = 0;
  }

  #read(frame: Uint8Array): void {
    const wait = this.#around.pace.wait(this.greeting.account);
    if (wait > 0) {
      this.#waiting.unshift(frame);
      this.#pause();
      setTimeout(() => this.#release(), wait).unref();
      return;
    }
    this.#spend();
    try {
      const decoder = decoding.createDecoder(frame);
      switch (decoding.readVarUint(decoder)) {
        case messageType.sync:
          this.#sync(decoder);
          break;
        case messageType.awareness:
          this.#awareness(decoding.readVarUint8Array(decoder));
          break;
        case messageType.queryAwareness:
          this.#tellWhoIsHere();
          break;
        default:
          throw new ConcordError('malformed-message');
      }
    } catch (error) {
      this.refuse(error instanceof ConcordError ? error : new ConcordError('malformed-message', {}, { cause: error }));
    }
  }

  /** Sends a message, unless the reader is too far behind: then it is let go, and nobody else waits for it. */
  send(message: Uint8Array): void {
    if (this.#keepsUp()) this.#socket.send(message);
  }

  /** Sends what `wireFrame` made, once for all who get it. Without compression `ws` writes at once, so nothing overtakes. */
  sendFramed(frame: Buffer): void {
    if (this.#heldBack === null) {
      this.#write(frame);
      return;
    }
    this.#heldBack.push(frame);
    this.#heldBackBytes += frame.length;
    if (this.#heldBackBytes > furthestBehind) this.close(new ConcordError('reader-too-slow'));
  }

  /** Calls back when the frame has left, or never will. */
  #write(frame: Buffer, left: () => void = () => undefined): void {
    if (this.#keepsUp() && this.#socket.readyState === this.#socket.OPEN) this.#line.write(frame, left);
    else left();
  }

  #keepsUp(): boolean {
    if (this.#closed) return false;
    if (this.#socket.bufferedAmount <= this.#mayWait) return true;
    this.close(new ConcordError('reader-too-slow'));
    return false;
  }

  refuse(error: ConcordError): void {
    if (error.code === 'internal') this.#around.onInternal(error.cause ?? error);
    // 1012 and 1013: nothing was refused. The client keeps what has no verdict, and brings it when it comes again.
    if (error.close !== 1012 && error.close !== 1013)
      this.#verdict({
        verdict: 'refused',
        code: error.code,
        message: this.#around.sentence(error),
        clause: error.detail.clause ?? null,
      });
    this.close(error);
  }

  close(error: ConcordError): void {
    if (this.#closed) return;
    this.#closed = true;
    // A close reason holds 123 bytes; the code is enough, the sentence went with the verdict.
    this.#socket.close(error.close, error.code);
    // Who doesn't answer a close is cut off.
    setTimeout(() => this.#socket.terminate(), 2000).unref();
  }

  ended(): void {
    this.#closed = true;
    if (this.#telling !== null) clearTimeout(this.#telling);
    if (this.#seen !== null) this.#around.presence.leave(this.#seen);
  }

  #sync(decoder: decoding.Decoder): void {
    switch (decoding.readVarUint(decoder)) {
      case syncType.step1: {
        // Throws here, where it is the client's fault, and not later, where it would be ours.
        const theirs = this.#around.answers.read(decoding.readVarUint8Array(decoder));
        this.#greeted = true;
        if (this.#answering)
          this.#askedAgain = this.#askedAgain === null ? theirs : heldByBoth(this.#askedAgain, theirs);
        else
          this.#answer(theirs).catch((cause: unknown) =>
            this.refuse(cause instanceof ConcordError ? cause : new ConcordError('internal', {}, { cause })),
          );
        break;
      }
      case syncType.step2:
        this.#answered = true;
        this.#update(decoding.readVarUint8Array(decoder));
        break;
      case syncType.update:
        this.#update(decoding.readVarUint8Array(decoder));
        break;
      default:
        throw new ConcordError('malformed-message');
    }
  }

  /** Brings the client up to date, and asks what it has. What it asks meanwhile is answered when it has taken this. */
  async #answer(asked: StateVector): Promise<void> {
    this.#answering = true;
    for (let theirs: StateVector | null = asked; theirs !== null && !this.#closed; ) {
      this.#heldBack = [];
      this.#heldBackBytes = 0;
      try {
        await this.#around.answers.give(theirs, this.greeting.account, (answer) => this.#say(answer));
      } finally {
        this.#letOn();
      }
      theirs = this.#askedAgain;
      this.#askedAgain = null;
    }
    this.#answering = false;
  }

  /** Resolves when the answer has left. */
  #say({ step1, step2 }: Answer): Promise<void> {
    return new Promise((resolve) => {
      this.#mayWait = furthestBehind + step2.length;
      this.#write(step2, resolve);
      // Once is enough: what is offline at the other end comes in by its answer.
      if (!this.#asked) {
        this.#asked = true;
        this.#write(step1);
        this.#sendPresence();
      }
      this.#letOn();
    });
  }

  /** What waited behind an answer goes on. */
  #letOn(): void {
    const frames = this.#heldBack ?? [];
    this.#heldBack = null;
    for (const frame of frames) this.#write(frame);
  }

  #update(update: Uint8Array): void {
    // What an empty document answers to step 1: two zeros, nothing to judge.
    if (update.length === 2 && update[0] === 0 && update[1] === 0) {
      this.#verdict({ verdict: 'accepted', sequence: null });
      return;
    }
    const principal = this.#around.principal();
    if (principal === null) throw new ConcordError('accreditation-ended');
    // The stock provider sends what is typed as the line comes back before what was typed while it was down. The answer to
    // our step 1 is on its way, and holds both.
    const early = this.#greeted && !this.#answered && !this.greeting.verdicts;
    const onBehalfOf = principal.role === 'rapporteur' && this.greeting.as !== 'base' ? this.greeting.as : null;
    this.#underWay += 1;
    this.#hold();
    const { room, pace } = this.#around;
    const begun = performance.now();
    const submitted = room.submit({
      by: principal,
      onBehalfOf: onBehalfOf === null ? null : PartyCode.parse(onBehalfOf),
      action: { type: 'typing' },
      from: this,
      stage: (head, now) => stageUpdate(head, update, this.#writer(principal), now),
    });
    const took = performance.now() - begun;
    submitted
      .then(
        ({ sequence }) => {
          pace.note(this.greeting.account, took, false);
          this.#verdict({ verdict: 'accepted', sequence });
        },
        (error: unknown) => {
          pace.note(
            this.greeting.account,
            took + room.repairTime,
            error instanceof ConcordError && error.close !== 1013,
          );
          if (early && error instanceof ConcordError && error.code === 'update-incomplete') return;
          this.refuse(error instanceof ConcordError ? error : new ConcordError('internal', {}, { cause: error }));
        },
      )
      .finally(() => {
        this.#underWay -= 1;
        this.#release();
      });
  }

  #writer(principal: Principal): Writer {
    return {
      principal,
      clients: this.#clients,
      // Looked up at every update: who is demoted is stopped at the next keystroke.
      capacity: () => {
        const meeting = this.#around.meeting();
        const now = this.#around.principal();
        if (meeting === null || now === null) throw new ConcordError('accreditation-ended');
        return capacityOf(now, this.greeting.as, meeting);
      },
      mayBind: (client) => {
        if (!this.#around.mayBind(client)) return false;
        this.#clients.add(client);
        return true;
      },
    };
  }

  #awareness(bytes: Uint8Array): void {
    const principal = this.#around.principal();
    if (principal === null) throw new ConcordError('accreditation-ended');
    // The stock provider names no client id as it connects: the first that it speaks for is its own, if it is nobody's.
    const client = this.#seen ?? Presence.firstClient(bytes);
    if (client === null || (this.#seen === null && !this.#around.mayBind(client))) return;
    this.#seen = client;
    this.#around.presence.take(
      bytes,
      client,
      principal,
      ({ client: of, clock }) => this.#around.room.clock(of) > clock,
    );
  }

  /** However often it asks, it is told now and then: changes come by themselves. */
  #tellWhoIsHere(): void {
    if (this.#telling !== null) return;
    this.#telling = setTimeout(() => {
      this.#telling = null;
      if (!this.#closed) this.#sendPresence();
    }, tellingTakes);
  }

  #sendPresence(): void {
    const everybody = this.#around.presence.everybody();
    if (everybody !== null) this.send(everybody);
  }

  #verdict(verdict: Verdict): void {
    if (!this.greeting.verdicts || this.#closed) return;
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, messageType.verdict);
    encoding.writeVarString(encoder, JSON.stringify(verdict));
    this.send(encoding.toUint8Array(encoder));
  }

  /** A flood is not refused but read more slowly: TCP makes the sender wait. */
  #spend(): void {
    const now = performance.now();
    this.#budget = Math.min(messagesAtOnce, this.#budget + ((now - this.#budgetAt) * messagesASecond) / 1000);
    this.#budgetAt = now;
    this.#budget -= 1;
    if (this.#budget < 0) {
      this.#pause();
      setTimeout(() => this.#release(), 100).unref();
    }
  }

  #hold(): void {
    if (this.#underWay > mostUnderWay) this.#pause();
  }

  #pause(): void {
    if (this.#paused || this.#closed) return;
    this.#paused = true;
    this.#socket.pause();
  }

  #release(): void {
    if (!this.#paused || this.#underWay > mostUnderWay / 2) return;
    this.#paused = false;
    for (let frame = this.#waiting.shift(); frame !== undefined; frame = this.#waiting.shift()) {
      if (this.#closed || this.#deaf) return;
      this.#read(frame);
      if (this.#paused) return;
    }
    this.#socket.resume();
  }
}

/** A delegate proposes for the delegate's party; the rapporteur edits the base text or proposes on a party's behalf. */
function capacityOf(principal: Principal, as: string | null, meeting: MeetingState): Capacity {
  if (!meeting.drafting) throw new ConcordError('drafting-closed');
  if (principal.role === 'delegate' && principal.party !== null) return { proposesFor: principal.party };
  if (principal.role === 'rapporteur') {
    if (as === null || as === 'base') return { edits: 'base' };
    const party = PartyCode.safeParse(as);
    if (!party.success || !meeting.parties.has(party.data)) throw new ConcordError('party-unknown');
    return { proposesFor: party.data };
  }
  throw new ConcordError('role-may-not');
}

/** A sync message. */
export function syncFrame(type: number, payload: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, messageType.sync);
  encoding.writeVarUint(encoder, type);
  encoding.writeVarUint8Array(encoder, payload);
  return encoding.toUint8Array(encoder);
}
