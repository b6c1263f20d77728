import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Compilation } from '../../shared/meeting/compilation.ts';
import { ConcordError, type ErrorCode } from '../../shared/protocol/errors.ts';
import type { AccountId } from '../../shared/protocol/ids.ts';
import type { Language } from '../../shared/words/words.ts';
import { builtProgram } from '../runtime/built.ts';
import { importCompilation } from './compilation.ts';

/** A request to the thread. */
export interface ToRead {
  readonly source: Uint8Array;
  readonly language: Language;
}
/** The thread's answer: the compilation as JSON; null if nothing in it can be read. */
export interface Read {
  readonly json: Uint8Array<ArrayBuffer> | null;
}
/** A waiting request, with the signal that ends its wait. */
export interface Requester {
  readonly whose: AccountId;
  readonly gone: AbortSignal;
}

/** Reads compilations, long ones in a worker thread, so that drafting never waits for an import. */
export interface Importer {
  /**
   * The compilation in a file, as `importCompilation` reads it, as bytes of JSON. An account's new request replaces its
   * earlier one.
   *
   * Throws `import-unreadable` for a file that is not text, too long, or takes too much time; `too-many-requests` where
   * too many are waiting, and for a replaced request; `shutting-down` after `close`.
   */
  read(given: ToRead, requester: Requester): Promise<Uint8Array<ArrayBuffer>>;
  /** Ends the reading under way. */
  close(): Promise<void>;
}

/** Time limit for one file, ms. The slowest file known takes a third of that, an ordinary one some milliseconds. */
const longestReading = 30_000;
/** Memory for the objects of one reading, MB. */
const mostMemory = 512;
/** Accounts that may wait. Only one compilation is read at a time: the other cores are for drafting. */
const mostWaiting = 4;
/** Retry-After if too many are waiting, seconds. */
const comeAgain = '10';
/**
 * Files up to this size, bytes, are read at once: starting a thread takes longer. The slowest known take 9 ms a
 * kilobyte, an ordinary one a hundredth of that.
 */
const smallEnough = 8 * 1024;
/**
 * Time without work, ms, after which the thread ends. Starting one takes a quarter of a second, and a live one takes
 * memory.
 */
const longestIdle = 60_000;

export interface ImporterOptions {
  /** Address of the thread's program, if it is not where the build puts it. */
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
    // The request that waits for the answer gets the failure; without one, the failure is of no interest.
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
      // An abandoned request leaves the queue at once.
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

/** The thread's answer. Throws the reason why there is none; the thread can't be used after that. */
async function answerOf(thread: Worker, given: ToRead, longest: number, givenUp: AbortSignal): Promise<Read> {
  const answered = new AbortController();
  const { signal } = answered;
  thread.postMessage(given);
  try {
    // The first two events also come where the thread fails.
    return await Promise.race([
      // The message comes from our own program, so its shape is known.
      once(thread, 'message', { signal }).then(([answer]) => answer as Read),
      once(thread, 'exit', { signal }).then(() => refuse('shutting-down')),
      once(givenUp, 'abort', { signal }).then(tooMany),
      pause(longest, null, { signal }).then(() => refuse('import-unreadable')),
    ]);
  } catch (error) {
    if (error instanceof ConcordError) throw error;
    // A file that is too large exhausts the thread's memory; any other failure is a fault of the program.
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
