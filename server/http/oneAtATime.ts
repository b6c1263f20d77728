import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Requests of one connection that may wait for the one before; a client that sends more is disconnected. */
const mostPipelined = 32;
/** Time limit for a reader to take a finished answer, ms: six hundred kilobytes at ten kilobytes a second. */
const patienceForReader = 60_000;

interface Line {
  busy: boolean;
  readonly waiting: (() => void)[];
}

/** Request handling, one request a connection at a time. */
export interface OneAtATime {
  readonly listener: RequestListener;
  /** Whether a connection has a request whose answer isn't finished. */
  isBusy(connection: Duplex): boolean;
}

/**
 * Answers the requests of one connection one after the other. Node starts each as it is read: of four hundred in one
 * packet, all answers would be made at once, and wait in memory for their turn to be sent. Here the next request starts
 * when the answer before has been sent. `onUse` is called for each that begins and ends.
 */
export function oneAtATime(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
  onUse: (connection: Duplex) => void = () => undefined,
): OneAtATime {
  const lines = new WeakMap<Duplex, Line>();

  const begin = (line: Line, request: IncomingMessage, response: ServerResponse): void => {
    line.busy = true;
    onUse(request.socket);
    let late: NodeJS.Timeout | undefined;
    // The answer is complete, and only has to be taken; an endless stream never gets here.
    response.once('prefinish', () => {
      late = setTimeout(() => request.socket.destroy(), patienceForReader).unref();
    });
    response.once('close', () => {
      clearTimeout(late);
      line.busy = false;
      onUse(request.socket);
      if (request.socket.destroyed) line.waiting.length = 0;
      line.waiting.shift()?.();
    });
    listener(request, response);
  };

  return {
    listener: (request, response) => {
      const { socket } = request;
      // Requests that were read before the disconnection.
      if (socket.destroyed) return;
      const line = lines.get(socket) ?? { busy: false, waiting: [] };
      lines.set(socket, line);
      if (!line.busy) begin(line, request, response);
      else if (line.waiting.length < mostPipelined) line.waiting.push(() => begin(line, request, response));
      else socket.destroy();
    },
    isBusy: (connection) => lines.get(connection)?.busy === true,
  };
}
