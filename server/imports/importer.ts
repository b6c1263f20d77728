import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ConcordError, type ErrorCode } from '../../shared/errors.ts';
import type { Language } from '../../shared/words/words.ts';
import { builtProgram } from '../built.ts';

/** What the thread is given. */
export interface ToRead {
  readonly source: Uint8Array;
  readonly language: Language;
}
/** What it answers: the compilation as JSON, which may be many times the file; null: nothing in it can be read. */
export interface Read {
  readonly json: Uint8Array<ArrayBuffer> | null;
}

/** Reads compilations beside the event loop: who drafts doesn't wait until a long one is read. */
export interface Importer {
  /**
   * The compilation in a file, as `importCompilation` reads it, in the bytes of its JSON.
   *
   * Throws `import-unreadable` for what is no text, too much of it, or takes too long; `too-many-requests` where too many
   * wait already; `shutting-down` once it was closed.
   */
  read(source: Uint8Array, language: Language): Promise<Uint8Array<ArrayBuffer>>;
  /** Ends what is being read. */
  close(): Promise<void>;
}

/** One that takes longer is let go, ms. The worst that is known takes a sixth of that, an ordinary one some milliseconds. */
const longestReading = 60_000;
/** Memory that reading may take, MB. */
const mostMemory = 512;
/** Compilations that may be read or wait for it. One is read at a time: the other cores are for drafting. */
const mostWaiting = 4;
/** When to come again if too many wait, seconds. */
const comeAgain = '10';
/** A thread takes a quarter of a second to start, and some memory for as long as it lives. It waits this long for more, ms. */
const longestIdle = 60_000;

export interface ImporterOptions {
  /** Where the thread's program is, if not where the build puts it. */
  readonly program?: URL | undefined;
  readonly longest?: number;
  readonly memory?: number;
  readonly idle?: number;
}

export function createImporter({
  program,
  longest = longestReading,
  memory = mostMemory,
  idle = longestIdle,
}: ImporterOptions = {}): Importer {
  let before: Promise<unknown> = Promise.resolve();
  let waiting = 0;
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

  const readOne = async (given: ToRead): Promise<Uint8Array<ArrayBuffer>> => {
    if (closed) throw new ConcordError('shutting-down');
    clearTimeout(rest);
    thread ??= start();
    const { json } = await answerOf(thread, given, longest).catch(async (error: unknown) => {
      await end();
      throw error;
    });
    rest = setTimeout(() => void end(), idle).unref();
    return json ?? refuse('import-unreadable');
  };

  return {
    async read(source, language) {
      if (waiting >= mostWaiting) throw new ConcordError('too-many-requests', { field: comeAgain });
      waiting += 1;
      const mine = before.then(() => readOne({ source, language }));
      before = mine.catch(() => undefined);
      try {
        return await mine;
      } finally {
        waiting -= 1;
      }
    },
    async close() {
      closed = true;
      clearTimeout(rest);
      await end();
    },
  };
}

/** What the thread answers. Throws why there is no answer; then the thread is of no use any more. */
async function answerOf(thread: Worker, given: ToRead, longest: number): Promise<Read> {
  const answered = new AbortController();
  const { signal } = answered;
  thread.postMessage(given);
  try {
    // Each of these also fails where the thread does.
    return await Promise.race([
      // It is our own program that answers.
      once(thread, 'message', { signal }).then(([answer]) => answer as Read),
      once(thread, 'exit', { signal }).then(() => refuse('shutting-down')),
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
