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
import type { Writer } from '../room/submit.ts';
import { heldByBoth, type StateVector } from '../yjs/stateVector.ts';
import type { Answer, Answers } from './answers.ts';
import type { Pace } from './pace.ts';
import { Presence } from './presence.ts';

/** A connection's dependencies on the rest of the server. */
export interface Surroundings {
  readonly room: Room;
  /** The room's framed answer to a sync step 1. */
  readonly answers: Pick<Answers, 'read' | 'give'>;
  readonly presence: Presence;
  /** The current state of the meeting: rights are looked up at every update. */
  readonly meeting: () => MeetingState | null;
  /** The participant's current principal; null once the accreditation ended. */
  readonly principal: () => Principal | null;
  /** The account's pace, over all its connections. */
  readonly pace: Pace;
  /** Called for each update before it is judged. */
  readonly onEdit: () => void;
  /** Whether a client id belongs to nobody else; from then on it is the participant's. */
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
  /** The rapporteur's capacity: a party's code, or `base`. */
  readonly as: string | null;
}

/**
 * Bytes beside the requested text that a reader may be behind; a reader further behind is disconnected, comes back and
 * is updated by one message. Small frames cost the process several times their length, and hundreds of readers may fail
 * to read.
 */
const furthestBehind = 1024 * 1024;
/** Updates of one connection that may be under way before it has to wait. */
const mostUnderWay = 64;
/**
 * Messages a second that a connection may send in the long run, and at once. Further messages are read later, not
 * refused.
 */
const messagesASecond = 300;
const messagesAtOnce = 1000;

/** Awareness queries within this time have one answer, ms. */
const tellingTakes = 50;

/** A socket in a room: frames → messages → submissions, and shown entries → frames. */
export class Connection {
  readonly greeting: Greeting;
  readonly #socket: WebSocket;
  /** The stream under the WebSocket, for messages that are framed already. */
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
  /** Bytes that may wait for the reader: more while a long text is being sent. */
  #mayWait = furthestBehind;
  #asked = false;
  /** Whether the client sent its step 1, so that ours follows. */
  #greeted = false;
  /** Whether the client answered our step 1. */
  #answered = false;
  /** Whether an answer to its step 1 is being made, and not taken yet. */
  #answering = false;
  /** The latest state vector, where it asked again meanwhile: one answer serves any number of questions. */
  #askedAgain: StateVector | null = null;
  /**
   * Messages that became due while an answer is made; null while none is. They must not overtake the question in the
   * answer: the client would send their content back as its own, and nobody may send the server's own structs.
   */
  #heldBack: Buffer[] | null = null;
  #heldBackBytes = 0;
  /** It asked for everybody's presence, and is answered shortly. */
  #telling: NodeJS.Timeout | null = null;
  /** The client id whose cursor this connection reports. */
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

  /** The client ids of this connection's participant. */
  get clients(): ReadonlySet<number> {
    return this.#clients;
  }

  /** One binary frame. Never throws: an unreadable frame closes the connection with its reason. */
  receive(frame: Uint8Array): void {
    if (this.#closed || this.#deaf) return;
    // A pause stops the socket, but not data that was read from it already: that waits here.
    if (this.#paused) {
      this.#waiting.push(frame);
      return;
    }
    this.#read(frame);
  }

  /** Accepts no more messages: those under way are finished, and the client sends the rest when it comes back. */
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

  /** Sends a message. A reader that is too far behind is disconnected instead, and nobody else waits for it. */
  send(message: Uint8Array): void {
    if (this.#keepsUp()) this.#socket.send(message);
  }

  /**
   * Sends the result of `wireFrame`, which is the same for all readers. Without compression `ws` writes at once, so
   * nothing overtakes.
   */
  sendFramed(frame: Buffer): void {
    if (this.#heldBack === null) {
      this.#write(frame);
      return;
    }
    this.#heldBack.push(frame);
    this.#heldBackBytes += frame.length;
    if (this.#heldBackBytes > furthestBehind) this.close(new ConcordError('reader-too-slow'));
  }

  /** Calls back when the frame has been sent, or can't be sent any more. */
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
    // 1012 and 1013: nothing was refused. The client keeps updates without a verdict, and sends them when it comes
    // again.
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
    // A close reason holds 123 bytes; the code is enough, since the verdict had the sentence.
    this.#socket.close(error.close, error.code);
    // A client that doesn't answer a close is terminated.
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
        // Throws here, where it is the client's fault, and not later, where it would be an internal error.
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

  /**
   * Brings the client up to date, and asks for its state. Questions that arrive meanwhile are answered when it has
   * taken this.
   */
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

  /** Resolves when the answer has been sent. */
  #say({ step1, step2 }: Answer): Promise<void> {
    return new Promise((resolve) => {
      this.#mayWait = furthestBehind + step2.length;
      this.#write(step2, resolve);
      // Once is enough: the client's answer contains its offline work.
      if (!this.#asked) {
        this.#asked = true;
        this.#write(step1);
        this.#sendPresence();
      }
      this.#letOn();
    });
  }

  /** Sends the messages that waited behind an answer. */
  #letOn(): void {
    const frames = this.#heldBack ?? [];
    this.#heldBack = null;
    for (const frame of frames) this.#write(frame);
  }

  #update(update: Uint8Array): void {
    // An empty document's answer to step 1: two zeros, nothing to judge.
    if (update.length === 2 && update[0] === 0 && update[1] === 0) {
      this.#verdict({ verdict: 'accepted', sequence: null });
      return;
    }
    const principal = this.#around.principal();
    if (principal === null) throw new ConcordError('accreditation-ended');
    // After a reconnect the stock provider sends new edits before those that were made offline. The answer to our step
    // 1 is under way, and holds both.
    const early = this.#greeted && !this.#answered && !this.greeting.verdicts;
    const onBehalfOf = principal.role === 'rapporteur' && this.greeting.as !== 'base' ? this.greeting.as : null;
    this.#around.onEdit();
    this.#underWay += 1;
    this.#hold();
    const { room, pace } = this.#around;
    const begun = performance.now();
    const submitted = room.submit({
      kind: 'edit',
      onBehalfOf: onBehalfOf === null ? null : PartyCode.parse(onBehalfOf),
      from: this,
      update: update,
      writer: this.#writer(principal),
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
      // Looked up at every update: a change of role takes effect at the next keystroke.
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
    // The stock provider names no client id as it connects: the first id in its messages is its own, if it belongs to
    // nobody else.
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

  /** Any number of queries gets one answer now and then: changes are sent without being asked for. */
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
