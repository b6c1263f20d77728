import { createHash } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Context } from 'hono';

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
function wish(accepted: string, name: string): number {
  let any = 0;
  for (const part of accepted.toLowerCase().split(',')) {
    const [coding = '', ...parameters] = part.split(';').map((piece) => piece.trim());
    const quality = parameters.map((one) => /^q=([\d.]+)$/.exec(one)?.[1]).find((one) => one !== undefined);
    const wanted = quality === undefined ? 1 : Number(quality);
    if (coding === name) return wanted;
    if (coding === '*') any = wanted;
  }
  return any;
}

/** Answers with the encoding that the browser prefers, or with 304 where it has these bytes already. */
export function answer(c: Context, { type, plain, smaller, digest }: Encoded, cacheControl: string): Response {
  const accepted = c.req.header('accept-encoding') ?? '';
  let best: { readonly name: Encoding; readonly bytes: Uint8Array<ArrayBuffer>; readonly wanted: number } | null = null;
  for (const name of names) {
    const bytes = smaller[name];
    const wanted = wish(accepted, name);
    if (bytes !== undefined && wanted > (best?.wanted ?? 0)) best = { name, bytes, wanted };
  }
  const tag = `"${digest}${best === null ? '' : `-${best.name}`}"`;
  c.header('Cache-Control', cacheControl);
  c.header('Vary', 'Accept-Encoding');
  c.header('ETag', tag);
  const held = (c.req.header('if-none-match') ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
  if (held.includes(tag) || held.includes('*')) return c.body(null, 304);
  c.header('Content-Type', type);
  if (best !== null) c.header('Content-Encoding', best.name);
  const bytes = best?.bytes ?? plain;
  c.header('Content-Length', String(bytes.length));
  return c.body(bytes);
}
