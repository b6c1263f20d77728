import * as Y from 'yjs';
import { hostileContent, oddNumbers } from './contents.ts';
import { type Draw, evilStrings } from './draw.ts';
import { type Block, decodeUpdate, encodeUpdate, type Id, noUpdate, type Struct, type Update } from './update.ts';
import type { UpdateGenerator } from './updateGenerator.ts';

/** Makes hostile updates from honest ones, by a seed. `others`: earlier updates, of any author. */
export class Mutator {
  readonly #draw: Draw;
  constructor(draw: Draw) {
    this.#draw = draw;
  }

  /** The bytes of one hostile update. */
  update(generator: UpdateGenerator, others: readonly Uint8Array[]): Uint8Array {
    const draw = this.#draw;
    let update = this.#seed(generator, others);
    for (
      let left = draw.weighed([
        [2, 0],
        [5, 1],
        [3, 2],
        [2, 4],
        [1, 8],
      ]);
      left > 0;
      left--
    )
      update = this.#mutated(update, generator, others);
    let bytes: Uint8Array = encodeUpdate(update);
    if (draw.chance(0.02)) bytes = this.#versionTwo(bytes);
    if (draw.chance(0.15)) for (let left = 1 + draw.nat(4); left > 0; left--) bytes = this.bits(bytes);
    return bytes.length > 1_050_000 ? bytes.slice(0, 1_050_000) : bytes;
  }

  /** Changes bytes regardless of their meaning. */
  bits(bytes: Uint8Array): Uint8Array {
    const draw = this.#draw;
    const at = draw.nat(bytes.length + 1);
    const changed = bytes.slice();
    switch (draw.nat(7)) {
      case 0:
        if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ (1 << draw.nat(8));
        return changed;
      case 1:
        if (at < changed.length) changed[at] = draw.of([0, 1, 0x7f, 0x80, 0xff, draw.nat(256)]);
        return changed;
      case 2:
        return bytes.slice(0, at);
      case 3:
        return joined(bytes.slice(0, at), draw.bytes(1 + draw.nat(4)), bytes.slice(at));
      case 4:
        return joined(bytes.slice(0, at), bytes.slice(at + 1 + draw.nat(4)));
      case 5: {
        const from = draw.nat(bytes.length + 1);
        return joined(bytes.slice(0, at), bytes.slice(from, from + 1 + draw.nat(30)), bytes.slice(at));
      }
      default:
        return joined(bytes.slice(0, at), Uint8Array.from([...Array(9).fill(0xff), 1]), bytes.slice(at));
    }
  }

  #seed(generator: UpdateGenerator, others: readonly Uint8Array[]): Update {
    const draw = this.#draw;
    const words = draw.chance(0.2) ? draw.of(evilStrings) : draw.of(['all ', 'x', 'é', '😀 ', 'now, ']);
    const mark = draw.chance(0.3) && generator.marks.length > 0 ? draw.of(generator.marks) : undefined;
    switch (draw.nat(8)) {
      case 0:
      case 1:
        return generator.words(words, mark);
      case 2:
        return generator.marked(draw.of(['deletion', 'bracket', 'comment', 'insertion', 'origin'] as const), mark);
      case 3:
        return generator.clause(words, mark);
      case 4:
        return generator.erasure();
      case 5:
        return generator.attribute(
          draw.of(['id', 'kind', 'level', 'insertion', 'insertion']),
          draw.of(['operative', 'chapeau', 0, 1, 2, 3, -1, mark ?? 'AAAAAAAAAAAAAAAA']),
        );
      case 6:
        return this.#other(others);
      default:
        return this.#spliced(this.#other(others), generator.words(words));
    }
  }

  #other(others: readonly Uint8Array[]): Update {
    if (others.length === 0) return noUpdate;
    try {
      return decodeUpdate(this.#draw.of(others));
    } catch {
      return noUpdate;
    }
  }

  /** The blocks of both, those of one client joined: structs of one, then structs of the other. */
  #spliced(one: Update, other: Update): Update {
    const draw = this.#draw;
    const blocks = new Map<number, Block>();
    for (const block of [...one.blocks, ...other.blocks]) {
      const known = blocks.get(block.client);
      if (known === undefined || draw.chance(0.1)) blocks.set(block.client, block);
      else {
        const cut = draw.nat(known.structs.length + 1);
        const structs = [...known.structs.slice(0, cut), ...block.structs, ...known.structs.slice(cut)];
        blocks.set(block.client, { ...known, structs });
      }
    }
    return { ...noUpdate, blocks: [...blocks.values()], deletes: [...one.deletes, ...other.deletes] };
  }

  #mutated(update: Update, generator: UpdateGenerator, others: readonly Uint8Array[]): Update {
    const draw = this.#draw;
    switch (
      draw.weighed([
        [16, 'struct'],
        [4, 'block'],
        [6, 'order'],
        [8, 'delete'],
        [1, 'count'],
        [1, 'trailing'],
        [6, 'splice'],
        [1, 'double'],
        [2, 'rename'],
      ] as const)
    ) {
      case 'struct':
        return this.#inBlock(update, (block) => this.#inStruct(block, (struct) => this.#struct(struct, generator)));
      case 'block':
        return this.#inBlock(update, (block) => this.#block(block, generator));
      case 'order':
        return this.#inBlock(update, (block) => this.#reordered(block, generator));
      case 'delete':
        return this.#deleting(update, generator);
      case 'count':
        return draw.chance(0.5)
          ? { ...update, blockCount: draw.of(oddNumbers) }
          : { ...update, deleteCount: draw.of(oddNumbers) };
      case 'trailing':
        return { ...update, trailing: draw.bytes(1 + draw.nat(8)) };
      case 'splice':
        return this.#spliced(update, this.#other(others));
      case 'double': {
        // The same block twice, or cut in two.
        const block = update.blocks[0];
        if (block === undefined) return update;
        return { ...update, blocks: [...update.blocks, draw.chance(0.5) ? block : this.#block(block, generator)] };
      }
      case 'rename': {
        const from = update.blocks[0]?.client;
        return from === undefined ? update : renamed(update, from, this.#client(generator));
      }
    }
  }

  #client(generator: UpdateGenerator): number {
    const draw = this.#draw;
    return draw.weighed<number>([
      [3, generator.client],
      [3, generator.clients.length === 0 ? 0 : draw.of(generator.clients)],
      [1, 1],
      [1, 0],
      [1, 2 + draw.nat(0xffff_fffe)],
      [0.4, draw.of(oddNumbers)],
    ]);
  }

  #clock(clock: number): number {
    const draw = this.#draw;
    return draw.weighed<number>([
      [2, clock + 1],
      [2, Math.max(0, clock - 1)],
      [1, 0],
      [1, draw.nat(clock + 20)],
      [1, draw.of(oddNumbers)],
    ]);
  }

  #id(generator: UpdateGenerator): Id {
    const draw = this.#draw;
    const id = generator.id();
    if (draw.chance(0.7)) return id;
    // One of the update's own structs, or none at all.
    if (draw.chance(0.5)) return { client: generator.client, clock: generator.clock + draw.nat(8) };
    return { client: this.#client(generator), clock: this.#clock(id.clock) };
  }

  #inBlock(update: Update, change: (block: Block) => Block): Update {
    if (update.blocks.length === 0) return update;
    const at = this.#draw.nat(update.blocks.length);
    return { ...update, blocks: update.blocks.map((block, index) => (index === at ? change(block) : block)) };
  }

  #inStruct(block: Block, change: (struct: Struct) => Struct): Block {
    if (block.structs.length === 0) return block;
    const at = this.#draw.nat(block.structs.length);
    return { ...block, structs: block.structs.map((struct, index) => (index === at ? change(struct) : struct)) };
  }

  #block(block: Block, generator: UpdateGenerator): Block {
    switch (this.#draw.nat(3)) {
      case 0:
        return { ...block, client: this.#client(generator) };
      case 1:
        return { ...block, clock: this.#clock(block.clock) };
      default:
        return { ...block, count: this.#draw.of(oddNumbers) };
    }
  }

  #reordered(block: Block, generator: UpdateGenerator): Block {
    const draw = this.#draw;
    const structs = [...block.structs];
    const at = draw.nat(structs.length + 1);
    switch (draw.nat(4)) {
      case 0:
        structs.splice(at, 1);
        break;
      case 1: {
        const [moved] = structs.splice(at, 1);
        if (moved !== undefined) structs.splice(draw.nat(structs.length + 1), 0, moved);
        break;
      }
      case 2:
        structs.splice(at, 0, ...block.structs);
        break;
      default:
        structs.splice(at, 0, {
          origin: draw.chance(0.5) ? this.#id(generator) : null,
          rightOrigin: draw.chance(0.5) ? this.#id(generator) : null,
          parent: draw.chance(0.2) ? draw.of(['text', 'record', 'evil', '__proto__', '']) : this.#id(generator),
          parentSub: null,
          content: hostileContent(draw, generator),
          odd: 0,
        });
    }
    return { ...block, structs };
  }

  #struct(struct: Struct, generator: UpdateGenerator): Struct {
    const draw = this.#draw;
    switch (
      draw.weighed([
        [3, 'origin'],
        [3, 'right'],
        [2, 'unlinked'],
        [2, 'root'],
        [2, 'key'],
        [6, 'content'],
        [1, 'odd'],
      ] as const)
    ) {
      case 'origin':
        return { ...struct, origin: draw.chance(0.8) ? this.#id(generator) : null };
      case 'right':
        return { ...struct, rightOrigin: draw.chance(0.8) ? this.#id(generator) : null };
      case 'unlinked':
        return { ...struct, origin: null, rightOrigin: null, parent: this.#id(generator) };
      case 'root':
        return {
          ...struct,
          origin: null,
          rightOrigin: null,
          parent: draw.of(['text', 'record', 'evil', '__proto__', 'constructor', '']),
        };
      case 'key':
        return {
          ...struct,
          origin: draw.chance(0.5) ? null : struct.origin,
          rightOrigin: null,
          parent: struct.parent ?? this.#id(generator),
          parentSub: draw.of(['id', 'kind', 'level', 'insertion', 'onclick', '__proto__', '']),
        };
      case 'content':
        return { ...struct, content: hostileContent(draw, generator) };
      case 'odd':
        return { ...struct, odd: draw.nat(256) };
    }
  }

  #deleting(update: Update, generator: UpdateGenerator): Update {
    const draw = this.#draw;
    const ranges = Array.from(
      {
        length: draw.weighed([
          [6, 1],
          [2, 3],
          [1, 200],
        ]),
      },
      () => generator.range(),
    );
    const odd = draw.chance(0.2);
    return {
      ...update,
      deletes: [
        ...update.deletes,
        ...ranges.map(({ client, clock, length }) => ({
          client: draw.chance(0.1) ? this.#client(generator) : client,
          ranges: [{ clock, length: odd ? draw.of(oddNumbers) : length }],
          count: draw.chance(0.02) ? draw.of(oddNumbers) : null,
        })),
      ],
    };
  }

  #versionTwo(bytes: Uint8Array): Uint8Array {
    try {
      return Y.convertUpdateFormatV1ToV2(bytes);
    } catch {
      return bytes;
    }
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** Replaces every mention of one client by another. */
function renamed(update: Update, from: number, to: number): Update {
  const id = (one: Id | null): Id | null => (one?.client === from ? { ...one, client: to } : one);
  return {
    ...update,
    blocks: update.blocks.map((block) => ({
      ...block,
      client: block.client === from ? to : block.client,
      structs: block.structs.map((struct) => ({
        ...struct,
        origin: id(struct.origin),
        rightOrigin: id(struct.rightOrigin),
        parent: typeof struct.parent === 'string' ? struct.parent : id(struct.parent),
      })),
    })),
  };
}
