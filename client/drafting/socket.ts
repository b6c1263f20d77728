import * as decoding from 'lib0/decoding';
import { messageType, syncType } from '../../shared/protocol/wire.ts';

/** What a socket tells of the updates that it sends, so that "saved" can mean: on the server's disk. */
export interface SendListener {
  /** An update went out; a verdict on it will come. `whole`: it holds everything that the server didn't have. */
  readonly onSent: (whole: boolean) => void;
}

/**
 * The browser's WebSocket, counting updates for the provider that writes on it.
 *
 * Until the server has asked what this document holds, and was answered with all of it, single updates are held back:
 * one that builds on words written while offline would come before them. What is held back is in the answer.
 */
export function countingSocket(listener: SendListener): typeof WebSocket {
  return class extends WebSocket {
    #answered = false;
    override send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
      if (data instanceof Uint8Array) {
        const decoder = decoding.createDecoder(data);
        if (decoding.readVarUint(decoder) === messageType.sync) {
          const type = decoding.readVarUint(decoder);
          if (type === syncType.update && !this.#answered) return;
          if (type === syncType.step2) this.#answered = true;
          if (type !== syncType.step1) listener.onSent(type === syncType.step2);
        }
      }
      super.send(data as ArrayBuffer);
    }
  };
}
