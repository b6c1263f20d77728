import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { etag } from 'hono/etag';
import { answer, type Encoded, encoded, encodings } from '../runtime/encoded.ts';

/** The built client's folder: beside the built server, or in `dist` when run from source. */
const clientFolder = fileURLToPath(
  new URL(import.meta.url.includes('/dist/') ? '../client/' : '../../dist/client/', import.meta.url),
);

/**
 * The client's files. Scripts and styles are stored compressed too: the build does it, once and with the highest
 * effort.
 */
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

const held = new Map<string, { readonly changed: number; readonly file: Encoded }>();

/** A file of the client, held in memory until the next build; null where there is none. */
async function fileOf(name: string): Promise<Encoded | null> {
  const type = types[extname(name)];
  const path = clientFolder + name;
  const changed = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => null,
  );
  if (type === undefined || changed === null) return null;
  const known = held.get(name);
  if (known?.changed === changed) return known.file;
  const read = async (ending: string): Promise<Uint8Array<ArrayBuffer> | undefined> =>
    readFile(path + ending).then(
      (bytes) => new Uint8Array(bytes),
      () => undefined,
    );
  const [plain, br, gzip] = await Promise.all([read(''), read(encodings.br), read(encodings.gzip)]);
  if (plain === undefined) return null;
  const file = encoded(type, plain, { ...(br === undefined ? {} : { br }), ...(gzip === undefined ? {} : { gzip }) });
  held.set(name, { changed, file });
  return file;
}

/**
 * The client's files, and its one page for every address that is a page of the client's. `serve-static` isn't used:
 * with `precompressed` it ignores qualities (`br;q=0.2, gzip;q=0.9`) and `*`, omits `Vary` where it sends the plain
 * file, serves the compressed files under their own names, and asks the disk at every request, in the event loop.
 */
export function staticRoutes(): Hono {
  const routes = new Hono();
  routes.get('/assets/:name{[\\w.-]+}', etag(), async (c) => {
    const file = await fileOf(`assets/${c.req.param('name')}`);
    // Their names hold a hash of their contents.
    return file === null ? c.notFound() : answer(c, file, 'public, max-age=31536000, immutable');
  });
  routes.get('*', etag(), async (c) => {
    const { pathname } = new URL(c.req.url);
    if (pathname.startsWith('/api/') || pathname.startsWith('/assets/')) return c.notFound();
    const page = await fileOf('index.html');
    // A server without a built client still serves the API and observers.
    return page === null ? c.notFound() : answer(c, page, 'no-cache');
  });
  return routes;
}
