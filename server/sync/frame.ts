/**
 * A binary message as bytes to be sent: one unmasked WebSocket frame (RFC 6455, section 5.2).
 *
 * `ws` frames a message anew for each socket and passes header and payload to the system separately. A message to a
 * whole room is framed once, and costs each socket one write.
 */
export function wireFrame(message: Uint8Array): Buffer {
  const { length } = message;
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + length);
  // The last fragment of a binary message.
  frame[0] = 0x82;
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.set(message, header);
  return frame;
}
