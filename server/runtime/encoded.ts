import { createHash } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import type { Accept } from 'hono/utils/accept';

/** The content encodings on offer, the best first, with their file endings. */
export const encodings = { br: '.br', gzip: '.gz' } as const;
export type Encoding = keyof typeof encodings;
const names: readonly Encoding[] = ['br', 'gzip'];

/** A body that is the same for all: its bytes, plain and in each encoding. */
export interface Encoded {
  readonly type: string;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly smaller: Readonly<Partial<Record<Encoding, Uint8Array<ArrayBuffer>>>>;
  /** Of the plain bytes; each encoding's own tag is derived from it, since a tag stands for the exact bytes. */
  readonly digest: string;
}

export const encoded = (type: string, plain: Uint8Array<ArrayBuffer>, smaller: Encoded['smaller']): Encoded => ({
  type,
  plain,
  smaller,
  digest: createHash('sha256').update(plain).digest('base64url').slice(0, 22),
});

/** Compresses a body that is small enough to be compressed at run time. */
export function encode(type: string, text: string): Encoded {
  const plain = new TextEncoder().encode(text);
  return encoded(type, plain, {
    br: new Uint8Array(brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } })),
    gzip: new Uint8Array(gzipSync(plain, { level: 9 })),
  });
}

/** A browser's preference for an encoding: 0 for none. An encoding that isn't named has the preference of `*`. */
function wish(accepted: readonly Accept[], name: string): number {
  const named = (type: string) => accepted.find((one) => one.type.toLowerCase() === type);
  return (named(name) ?? named('*'))?.q ?? 0;
}

/**
 * Answers with the encoding that the browser prefers. The tag is of those exact bytes; the `etag` middleware before
 * this answers 304 where the browser has them already.
 */
export function answer(c: Context, { type, plain, smaller, digest }: Encoded, cacheControl: string): Response {
  const best = accepts(c, {
    header: 'Accept-Encoding',
    supports: names.filter((name) => smaller[name] !== undefined),
    default: 'identity',
    // Among equal preferences, the first of ours, which is the smallest, and not the browser's first.
    match: (accepted, { supports, default: plainly }) => {
      const wished = supports.map((name) => ({ name, wish: wish(accepted, name) })).filter((one) => one.wish > 0);
      return wished.sort((one, other) => other.wish - one.wish)[0]?.name ?? plainly;
    },
  });
  const encoding = names.find((name) => name === best);
  c.header('Cache-Control', cacheControl);
  c.header('Vary', 'Accept-Encoding');
  c.header('ETag', `"${digest}${encoding === undefined ? '' : `-${encoding}`}"`);
  c.header('Content-Type', type);
  if (encoding !== undefined) c.header('Content-Encoding', encoding);
  const bytes = (encoding === undefined ? undefined : smaller[encoding]) ?? plain;
  c.header('Content-Length', String(bytes.length));
  return c.body(bytes);
}
