import * as decoding from 'lib0/decoding';
import { messageType, syncType } from '../../shared/protocol/wire.ts';

/** Callbacks about sent updates, so that "saved" can mean: on the server's disk. */
export interface SendListener {
  /** An update was sent; a verdict on it will follow. `whole`: it holds everything that the server didn't have. */
  readonly onSent: (whole: boolean) => void;
}

/**
 * The browser's WebSocket, counting updates for the provider that writes to it.
 *
 * Until the server has asked for this document's state and received it, single updates are held back: an update that
 * builds on offline words would arrive before them. The answer contains the updates that were held back.
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
