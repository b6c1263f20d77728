import { type Logger, pino } from 'pino';
import { ConcordError } from '../../shared/protocol/errors.ts';

/** The fields of an error in a log line. */
export interface Logged {
  readonly type: string;
  /** Our own code, SQLite's, PostgreSQL's or the system's. */
  readonly code?: string;
  readonly detail?: ConcordError['detail'];
  /** The place where it was thrown: functions, files and lines. */
  readonly at: readonly string[];
  readonly cause?: Logged | undefined;
}

/**
 * An error as it may be logged: its kind and place, never its message. A message may quote negotiated text: a parser's
 * quotes the text, a database's the name or the value, and so do their additional fields.
 */
export function forLog(error: unknown, depth = 0): Logged {
  if (!(error instanceof Error)) return { type: typeof error, at: [] };
  // The system's and SQLite's codes are words in capitals, PostgreSQL's five letters and digits.
  const code = 'code' in error ? String(error.code) : '';
  const known = error instanceof ConcordError || /^[A-Z0-9_]{2,64}$/.test(code);
  const stack = error.stack ?? '';
  // The stack begins with the message, which may hold lines of its own.
  const said = stack.indexOf(error.message);
  const frames = stack.slice(said < 0 ? 0 : said + error.message.length).split('\n');
  return {
    type: /^\w{1,64}$/.test(error.constructor.name) ? error.constructor.name : 'Error',
    ...(known ? { code } : {}),
    // The message of an internal error names a log and an entry.
    ...(error instanceof ConcordError && error.code === 'internal' ? { detail: error.detail } : {}),
    at: frames
      .filter((line) => /^\s+at .+:\d+:\d+\)?$/.test(line))
      .slice(0, 12)
      .map((line) => line.trim()),
    ...(error.cause === undefined || depth > 4 ? {} : { cause: forLog(error.cause, depth + 1) }),
  };
}

/** The program's log: JSON lines on standard error, with errors in the form of `forLog`. */
export const openLog = (level: string): Logger =>
  pino({ level, serializers: { err: forLog } }, pino.destination({ dest: 2, sync: false }));
