import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Compilation } from '../../shared/meeting/compilation.ts';
import { ConcordError, type ErrorCode } from '../../shared/protocol/errors.ts';
import type { AccountId } from '../../shared/protocol/ids.ts';
import type { Language } from '../../shared/words/words.ts';
import { builtProgram } from '../runtime/built.ts';
import { importCompilation } from './compilation.ts';

/** What the thread is given. */
export interface ToRead {
  readonly source: Uint8Array;
  readonly language: Language;
}
/** What it answers: the compilation as JSON; null: nothing in it can be read. */
export interface Read {
  readonly json: Uint8Array<ArrayBuffer> | null;
}
/** Who waits for it, and when they no longer do. */
export interface Requester {
  readonly whose: AccountId;
  readonly gone: AbortSignal;
}

/** Reads compilations, and any that takes a while beside the event loop: who drafts doesn't wait for it. */
export interface Importer {
  /**
   * The compilation in a file, as `importCompilation` reads it, in the bytes of its JSON. Of what one account asks for, the
   * last counts.
   *
   * Throws `import-unreadable` for what is no text, too much of it, or takes too long; `too-many-requests` where too many
   * wait already, or for what the same account asked for before; `shutting-down` once it was closed.
   */
  read(given: ToRead, requester: Requester): Promise<Uint8Array<ArrayBuffer>>;
  /** Ends what is being read. */
  close(): Promise<void>;
}

/** One that takes longer is let go, ms. The worst that is known takes a third of that, an ordinary one some milliseconds. */
const longestReading = 30_000;
/** Memory that the program's own objects may take while it reads, MB. */
const mostMemory = 512;
/** Accounts that may wait. One compilation is read at a time: the other cores are for drafting. */
const mostWaiting = 4;
/** When to come again if too many wait, seconds. */
const comeAgain = '10';
/**
 * A file of so many bytes is read sooner than a thread is started for it: at once. The worst that are known take 9 ms a
 * kilobyte, an ordinary one a hundredth of that.
 */
const smallEnough = 8 * 1024;
/** A thread takes a quarter of a second to start, and some memory for as long as it lives. It waits this long for more, ms. */
const longestIdle = 60_000;

export interface ImporterOptions {
  /** Where the thread's program is, if not where the build puts it. */
  readonly program?: URL | undefined;
  readonly longest?: number;
  readonly memory?: number;
  readonly idle?: number;
  readonly small?: number;
}

export function createImporter({
  program,
  longest = longestReading,
  memory = mostMemory,
  idle = longestIdle,
  small = smallEnough,
}: ImporterOptions = {}): Importer {
  const asked = new Map<AccountId, AbortController>();
  let before: Promise<unknown> = Promise.resolve();
  let thread: Worker | null = null;
  let rest: NodeJS.Timeout | undefined;
  let closed = false;

  const start = (): Worker => {
    const started = new Worker(program ?? builtProgram('importThread'), {
      resourceLimits: { maxOldGenerationSizeMb: memory },
    });
    // Whoever waits for its answer hears of its failure; if nobody does, nobody minds.
    started.on('error', () => undefined);
    started.once('exit', () => {
      if (thread === started) thread = null;
    });
    return started;
  };
  const end = async (): Promise<void> => {
    const ended = thread;
    thread = null;
    await ended?.terminate();
  };

  const readOne = async (given: ToRead | null, givenUp: AbortSignal): Promise<Uint8Array<ArrayBuffer>> => {
    if (closed) refuse('shutting-down');
    if (given === null) return tooMany();
    clearTimeout(rest);
    thread ??= start();
    const { json } = await answerOf(thread, given, longest, givenUp).catch(async (error: unknown) => {
      await end();
      throw error;
    });
    rest = setTimeout(() => void end(), idle).unref();
    return json ?? refuse('import-unreadable');
  };

  return {
    async read(given, { whose, gone }) {
      if (given.source.length <= small) return jsonOf(importCompilation(given.source, given.language));
      const earlier = asked.get(whose);
      if (earlier === undefined && asked.size >= mostWaiting) tooMany();
      earlier?.abort();
      const replaced = new AbortController();
      asked.set(whose, replaced);
      const givenUp = AbortSignal.any([gone, replaced.signal]);
      // What is no longer wanted is not kept until its turn comes.
      let waiting: ToRead | null = givenUp.aborted ? null : given;
      givenUp.addEventListener('abort', () => {
        waiting = null;
        if (asked.get(whose) === replaced) asked.delete(whose);
      });
      const mine = before.then(() => readOne(waiting, givenUp));
      before = mine.catch(() => undefined);
      try {
        return await mine;
      } finally {
        if (asked.get(whose) === replaced) asked.delete(whose);
      }
    },
    async close() {
      closed = true;
      clearTimeout(rest);
      await end();
    },
  };
}

const jsonOf = (compilation: Compilation): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify(compilation));

/** What the thread answers. Throws why there is no answer; then the thread is of no use any more. */
async function answerOf(thread: Worker, given: ToRead, longest: number, givenUp: AbortSignal): Promise<Read> {
  const answered = new AbortController();
  const { signal } = answered;
  thread.postMessage(given);
  try {
    // The first two also fail where the thread does.
    return await Promise.race([
      // It is our own program that answers.
      once(thread, 'message', { signal }).then(([answer]) => answer as Read),
      once(thread, 'exit', { signal }).then(() => refuse('shutting-down')),
      once(givenUp, 'abort', { signal }).then(tooMany),
      pause(longest, null, { signal }).then(() => refuse('import-unreadable')),
    ]);
  } catch (error) {
    if (error instanceof ConcordError) throw error;
    // Too much of it fills the thread's memory; anything else is our own fault.
    const isFull = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    return refuse(isFull ? 'import-unreadable' : 'internal', error);
  } finally {
    answered.abort();
  }
}

function refuse(code: ErrorCode, cause?: unknown): never {
  throw new ConcordError(code, {}, { cause });
}

function tooMany(): never {
  throw new ConcordError('too-many-requests', { field: comeAgain });
}
