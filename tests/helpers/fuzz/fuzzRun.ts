import * as decoding from 'lib0/decoding';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { MeetingList, MeetingView } from '../../../shared/protocol/contract.ts';
import { newMarkId, RecommendationId } from '../../../shared/protocol/ids.ts';
import { messageType, Verdict } from '../../../shared/protocol/wire.ts';
import { markKey, textOf } from '../../../shared/text/document.ts';
import { password, type RunningServer } from '../browser.ts';
import { Client } from '../hostileClient.ts';
import { Draw } from './draw.ts';
import { hostileFrame } from './frames.ts';
import { Mutator } from './mutate.ts';
import { Survey, UpdateGenerator } from './updateGenerator.ts';

/** An answer that takes longer than this is a hang. */
export const patience = 60_000;

export async function signIn(server: Pick<RunningServer, 'url'>, name: string): Promise<string> {
  const response = await fetch(`${server.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

/** The demo's recommendations, those with most open clauses first. */
export async function placesOf(server: Pick<RunningServer, 'url'>, cookie: string): Promise<RecommendationId[]> {
  const get = async (path: string): Promise<unknown> =>
    (await fetch(`${server.url}${path}`, { headers: { cookie } })).json();
  const [meeting] = MeetingList.parse(await get('/api/meetings'));
  const { recommendations } = MeetingView.parse(await get(`/api/meetings/${meeting?.id}`));
  return [...recommendations]
    .sort((one, other) => (other.progress?.open ?? 0) - (one.progress?.open ?? 0))
    .map(({ id }) => RecommendationId.parse(id));
}

const socketUrl = (server: Pick<RunningServer, 'url'>, place: string, client: number, more = ''): string =>
  `${server.url.replace('http', 'ws')}/sync/${place}?client=${client}&schema=1&verdicts=1${more}`;

async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} takes longer than ${patience} ms`)), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * A person who types during the attack: each edit has to be accepted before the next.
 *
 * As any program with Yjs it also sends Yjs's tidying of its document, which depends on the grouping of edits into
 * messages. A tidying update, which brings nothing, may be refused: a marker without effect has one again after
 * concurrent writing there. Then the person reconnects with a new document. Nothing else of an honest writer is ever
 * refused.
 */
export class Honest {
  edits = 0;
  tidied = 0;
  /** The number of reconnections after a refused tidying update. */
  renewed = 0;
  readonly #join: () => Promise<Client>;
  #client: Client;
  /** The updates sent on this connection, in order; verdicts come in the same order. */
  #said: ('edit' | 'tidied' | 'nothing')[] = [];

  private constructor(client: Client, join: () => Promise<Client>) {
    this.#client = client;
    this.#join = join;
    this.#listen();
  }

  static async join(server: Pick<RunningServer, 'url'>, cookie: string, place: string): Promise<Honest> {
    const join = async (): Promise<Client> => {
      const doc = new Y.Doc();
      const client = new Client(socketUrl(server, place, doc.clientID), { cookie }, doc);
      await inTime(new Promise((resolve) => client.socket.once('open', resolve)), 'an honest connection');
      client.step1();
      await client.until(() => client.synced, 'the text', patience);
      return client;
    };
    return new Honest(await join(), join);
  }

  /** Its present document: a new one after each refusal. */
  get doc(): Y.Doc {
    return this.#client.doc;
  }

  async type(draw: Draw): Promise<void> {
    const client = this.#client;
    const open = textOf(client.doc)
      .toArray()
      .flatMap((clause, at) => (clause instanceof Y.XmlElement && client.isOpenAt(at) ? clause.toArray() : []))
      // A hostile client may fill a clause of its own to its limit.
      .filter((text): text is Y.XmlText => text instanceof Y.XmlText && text.length < 15_000);
    if (open.length === 0) return;
    const id = newMarkId();
    const text = draw.of(open);
    this.#say(
      'edit',
      client.change(() => text.insert(0, 'hm ', { [markKey('insertion', id)]: { id } })),
    );
    if (await this.#answered()) this.edits += 1;
  }

  /** Waits until everything sent so far was received. False where that made it send something. */
  async quiet(): Promise<boolean> {
    const said = this.#said.length;
    // An empty update: two zeros, which say nothing and are answered.
    this.#say('nothing', new Uint8Array(2));
    return (await this.#answered()) && this.#said.length === said + 1;
  }

  leave(): void {
    this.#client.leave();
  }

  #listen(): void {
    this.#said = [];
    this.#client.onTidied = (update) => {
      if (Y.decodeUpdate(update).structs.length > 0) throw new Error('Yjs wrote by itself');
      this.tidied += 1;
      this.#say('tidied', update);
    };
  }

  #say(what: 'edit' | 'tidied' | 'nothing', update: Uint8Array): void {
    this.#said.push(what);
    this.#client.update(update);
  }

  /** Waits for the verdicts on everything that it sent. False where it had to reconnect. */
  async #answered(): Promise<boolean> {
    const client = this.#client;
    const count = this.#said.length;
    const refused = (): number => client.verdicts.findIndex(({ verdict }) => verdict === 'refused');
    await client.until(() => client.verdicts.length >= count || refused() >= 0, 'an honest edit', patience);
    const at = refused();
    if (at < 0) return true;
    if (this.#said[at] !== 'tidied')
      throw new Error(`an honest edit was refused: ${JSON.stringify(client.verdicts[at])}`);
    client.doc.destroy();
    this.#client = await this.#join();
    this.renewed += 1;
    this.#listen();
    return false;
  }
}

/**
 * A hostile client's view of a document at an honest client's side. It is renewed now and then: surveying a long text
 * takes long.
 */
export class Lookout {
  readonly #at: Honest;
  #survey: Survey;
  #asked = 0;
  constructor(at: Honest) {
    this.#at = at;
    this.#survey = new Survey(at.doc);
  }
  survey(): Survey {
    this.#asked += 1;
    if (this.#asked % 10 === 0) this.#survey = new Survey(this.#at.doc);
    return this.#survey;
  }
}

export interface FuzzRun {
  readonly outcomes: Map<string, number>;
  messages: number;
  connections: number;
}

/**
 * One hostile client: message after message on a real socket, a new connection after each close. Its knowledge of the
 * document comes from an honest client's screen.
 */
export async function fuzzRun(
  server: Pick<RunningServer, 'url'>,
  { cookie, place, lookout, seed, as }: { cookie: string; place: string; lookout: Lookout; seed: number; as: string },
  result: FuzzRun,
  goOn: () => boolean,
): Promise<void> {
  const draw = new Draw(seed);
  const mutator = new Mutator(draw);
  const heard: Uint8Array[] = [];
  const count = (outcome: string): void => void result.outcomes.set(outcome, (result.outcomes.get(outcome) ?? 0) + 1);
  while (goOn()) {
    const client = 2 + draw.nat(0xffff_0000);
    const generator = new UpdateGenerator(lookout.survey(), client, draw);
    const socket = new WebSocket(socketUrl(server, place, client, as), { headers: { cookie } });
    socket.on('error', () => undefined);
    result.connections += 1;
    let answer: ((outcome: string) => void) | null = null;
    let isClosed = false;
    const say = (outcome: string): void => {
      answer?.(outcome);
      answer = null;
    };
    socket.on('message', (data: Buffer) => {
      const decoder = decoding.createDecoder(data);
      if (decoding.readVarUint(decoder) !== messageType.verdict) return;
      const verdict = Verdict.parse(JSON.parse(decoding.readVarString(decoder)));
      say(verdict.verdict === 'refused' ? verdict.code : verdict.sequence === null ? 'nothing new' : 'accepted');
    });
    const closed = new Promise<void>((resolve) =>
      socket.on('close', (_code, reason) => {
        isClosed = true;
        say(`closed ${reason.toString()}`);
        resolve();
      }),
    );
    await inTime(Promise.race([new Promise((resolve) => socket.once('open', resolve)), closed]), 'a connection');
    for (let left = 40; left > 0 && !isClosed && socket.readyState === WebSocket.OPEN && goOn(); left--) {
      const frame = hostileFrame(draw, mutator, generator, heard);
      result.messages += 1;
      const answered = frame.judged
        ? new Promise<string>((resolve) => {
            answer = resolve;
          })
        : null;
      socket.send(frame.bytes);
      if (answered === null) continue;
      const outcome = await inTime(answered, 'a verdict');
      count(outcome);
      if (outcome === 'accepted' && frame.update !== undefined && frame.update.length < 2000) heard.push(frame.update);
      else if (outcome !== 'nothing new') break;
    }
    socket.close();
    await inTime(closed, 'a close');
  }
}
