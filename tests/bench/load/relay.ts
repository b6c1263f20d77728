import * as decoding from 'lib0/decoding';
import { WebSocket, WebSocketServer } from 'ws';
import { messageType, syncType } from '../../../shared/protocol/wire.ts';

/**
 * The minimal server: every frame of a document goes to all other clients in it. It keeps the text's updates for new
 * clients.
 */
const documents = new Map<string, { readonly sockets: Set<WebSocket>; readonly updates: Buffer[] }>();
const server = new WebSocketServer({ port: Number(process.env.PORT), host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket, request) => {
  const path = request.url ?? '';
  const document = documents.get(path) ?? { sockets: new Set(), updates: [] };
  documents.set(path, document);
  document.sockets.add(socket);
  socket.on('close', () => document.sockets.delete(socket));
  socket.on('message', (data: Buffer) => {
    const decoder = decoding.createDecoder(data);
    if (decoding.readVarUint(decoder) !== messageType.sync) return;
    if (decoding.readVarUint(decoder) === syncType.step1) {
      for (const update of document.updates) socket.send(update);
      return;
    }
    document.updates.push(data);
    for (const other of document.sockets) if (other !== socket && other.readyState === WebSocket.OPEN) other.send(data);
  });
});
