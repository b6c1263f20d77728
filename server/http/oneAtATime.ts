import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Requests of one connection that may wait for the one before; a client that sends more is let go. */
const mostPipelined = 32;
/** How long a reader may take for an answer that is made, ms: six hundred kilobytes come at ten kilobytes a second. */
const patienceForReader = 60_000;

interface Line {
  busy: boolean;
  readonly waiting: (() => void)[];
}

/** Requests, each of which has its connection for itself. */
export interface OneAtATime {
  readonly listener: RequestListener;
  /** Whether a connection has a request whose answer isn't finished. */
  isBusy(connection: Duplex): boolean;
}

/**
 * Answers the requests of one connection one after the other. Node starts on each as it is read: of four hundred in one
 * packet, all answers would be made at once, and wait in memory for their turn to be sent. Here the next is begun when
 * the one before has left. `onUse` hears of each that begins and ends.
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
    // All of it is made, and has only to be taken; a stream that goes on never comes here.
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
      // What was read before it was let go.
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
