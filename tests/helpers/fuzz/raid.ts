import * as decoding from 'lib0/decoding';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { MeetingList, MeetingView } from '../../../shared/contract.ts';
import { markKey, textOf } from '../../../shared/document.ts';
import { newMarkId, RecommendationId } from '../../../shared/ids.ts';
import { messageType, Verdict } from '../../../shared/protocol.ts';
import { password, type RunningServer } from '../browser.ts';
import { Client } from '../enemy.ts';
import { Draw } from './draw.ts';
import { hostileFrame } from './frames.ts';
import { Ground, Survey } from './ground.ts';
import { Mutator } from './mutate.ts';

/** An answer that doesn't come within this time is a hang. */
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
    .sort((one, other) => other.progress.open - one.progress.open)
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

/** Somebody who types while others attack: each edit has to be accepted before the next. */
export class Honest {
  edits = 0;
  private constructor(readonly client: Client) {}

  static async join(server: Pick<RunningServer, 'url'>, cookie: string, place: string): Promise<Honest> {
    const doc = new Y.Doc();
    const client = new Client(socketUrl(server, place, doc.clientID), { cookie }, doc);
    await inTime(new Promise((resolve) => client.socket.once('open', resolve)), 'an honest connection');
    client.step1();
    await client.until(() => client.synced, 'the text', patience);
    return new Honest(client);
  }

  async type(draw: Draw): Promise<void> {
    const { client } = this;
    const open = textOf(client.doc)
      .toArray()
      .flatMap((clause, at) => (clause instanceof Y.XmlElement && client.ledgerOpen(at) ? clause.toArray() : []))
      // An enemy may fill a clause of its own to the brim.
      .filter((text): text is Y.XmlText => text instanceof Y.XmlText && text.length < 15_000);
    if (open.length === 0) return;
    const id = newMarkId();
    const text = draw.of(open);
    const heard = client.verdicts.length;
    const answered = new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (client.verdicts.length > heard) done(resolve);
      };
      const done = (how: () => void): void => {
        client.socket.off('message', look);
        how();
      };
      client.socket.on('message', look);
      void client.closed.then(({ code, reason }) => done(() => reject(new Error(`closed ${code} ${reason}`))));
    });
    client.update(client.change(() => text.insert(0, 'hm ', { [markKey('insertion', id)]: { id } })));
    await inTime(answered, 'an honest edit');
    const verdict = client.verdicts[heard];
    if (verdict?.verdict !== 'accepted') throw new Error(`an honest edit was refused: ${JSON.stringify(verdict)}`);
    this.edits += 1;
  }
}

/** What enemies see of a document at an honest client's side. They look up now and then: a long text is long to survey. */
export class Lookout {
  readonly #doc: Y.Doc;
  #survey: Survey;
  #asked = 0;
  constructor(doc: Y.Doc) {
    this.#doc = doc;
    this.#survey = new Survey(doc);
  }
  survey(): Survey {
    this.#asked += 1;
    if (this.#asked % 10 === 0) this.#survey = new Survey(this.#doc);
    return this.#survey;
  }
}

export interface Raid {
  readonly outcomes: Map<string, number>;
  messages: number;
  connections: number;
}

/**
 * One enemy: message after message on a real socket, a new connection wherever the last was closed. What it knows of the
 * document it has from an honest client's screen.
 */
export async function raid(
  server: Pick<RunningServer, 'url'>,
  { cookie, place, lookout, seed, as }: { cookie: string; place: string; lookout: Lookout; seed: number; as: string },
  result: Raid,
  goOn: () => boolean,
): Promise<void> {
  const draw = new Draw(seed);
  const mutator = new Mutator(draw);
  const heard: Uint8Array[] = [];
  const count = (outcome: string): void => void result.outcomes.set(outcome, (result.outcomes.get(outcome) ?? 0) + 1);
  while (goOn()) {
    const client = 2 + draw.nat(0xffff_0000);
    const ground = new Ground(lookout.survey(), client, draw);
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
      const frame = hostileFrame(draw, mutator, ground, heard);
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
