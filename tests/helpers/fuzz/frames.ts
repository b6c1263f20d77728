import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { messageType, syncType } from '../../../shared/protocol/wire.ts';
import { type Draw, evilStrings } from './draw.ts';
import type { Mutator } from './mutate.ts';
import type { UpdateGenerator } from './updateGenerator.ts';

/** A hostile message, and whether the server answers it with a verdict. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly judged: boolean;
  /** The update that it carries, where it carries one as such. */
  readonly update?: Uint8Array;
}

function message(...parts: readonly (number | Uint8Array)[]): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const part of parts)
    if (typeof part === 'number') encoding.writeVarUint(encoder, part);
    else encoding.writeVarUint8Array(encoder, part);
  return encoding.toUint8Array(encoder);
}

const positions: readonly unknown[] = [
  null,
  { type: { client: 1, clock: 2 }, tname: null, item: null, assoc: 0 },
  { item: { client: -1, clock: 1e300 }, assoc: 'x' },
  { tname: 'x'.repeat(100) },
  [],
  { __proto__: null, constructor: {} },
];

/** Possible claims about oneself and others. */
function presence(draw: Draw, { client, clients }: UpdateGenerator): Uint8Array {
  const states = encoding.createEncoder();
  const count = 1 + draw.nat(3);
  encoding.writeVarUint(states, draw.chance(0.1) ? draw.of([0, 99, 2 ** 31]) : count);
  for (let left = count; left > 0; left--) {
    encoding.writeVarUint(states, draw.chance(0.5) || clients.length === 0 ? client : draw.of(clients));
    encoding.writeVarUint(states, draw.of([0, 1, draw.nat(1000), 2 ** 31, 2 ** 40]));
    const state = draw.of<unknown>([
      null,
      { cursor: null },
      { cursor: { anchor: draw.of(positions), head: draw.of(positions) } },
      { user: { name: 'Chair', party: 'BRA' }, cursor: null },
      draw.of(evilStrings),
      'x'.repeat(3000),
    ]);
    encoding.writeVarString(states, draw.chance(0.1) ? '{"cursor":' : JSON.stringify(state));
  }
  return encoding.toUint8Array(states);
}

/** Any message that the protocol defines, and some that it doesn't. */
export function hostileFrame(
  draw: Draw,
  mutator: Mutator,
  generator: UpdateGenerator,
  heard: readonly Uint8Array[],
): Frame {
  const update = (): Uint8Array => mutator.update(generator, heard);
  switch (
    draw.weighed([
      [80, 'update'],
      [8, 'presence'],
      [4, 'step1'],
      [2, 'asked'],
      [1, 'bits'],
      [0.5, 'unknown'],
    ] as const)
  ) {
    case 'update': {
      const sent = update();
      return {
        bytes: message(messageType.sync, draw.chance(0.8) ? syncType.update : syncType.step2, sent),
        judged: true,
        update: sent,
      };
    }
    case 'presence':
      return { bytes: message(messageType.awareness, presence(draw, generator)), judged: false };
    case 'step1': {
      const vector = Y.encodeStateVector(new Map([[draw.of([1, generator.client, 77]), draw.of([0, 5, 2 ** 31])]]));
      return {
        bytes: message(messageType.sync, syncType.step1, draw.chance(0.2) ? mutator.bits(vector) : vector),
        judged: false,
      };
    }
    case 'asked':
      return { bytes: message(messageType.queryAwareness), judged: false };
    case 'bits':
      return { bytes: mutator.bits(message(messageType.sync, syncType.update, update())), judged: false };
    case 'unknown':
      return {
        bytes: message(draw.of([2, 4, 64, 127, 2 ** 31]), draw.bytes(draw.nat(50))),
        judged: false,
      };
  }
}
