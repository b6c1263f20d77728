import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';

/** Where the built client lies: beside the built server, or in `dist` when run from source. */
const clientFolder = fileURLToPath(
  new URL(import.meta.url.includes('/dist/') ? '../client/' : '../dist/client/', import.meta.url),
);

/** The client's files, and its one page for every address that is a page of the client's. */
export function staticRoutes(): Hono {
  const routes = new Hono();
  routes.use('/assets/*', async (c, next) => {
    await next();
    // Their names hold a hash of what is in them.
    if (c.res.status === 200) c.header('Cache-Control', 'public, max-age=31536000, immutable');
  });
  routes.use('/assets/*', serveStatic({ root: clientFolder }));
  routes.get('*', async (c) => {
    const { pathname } = new URL(c.req.url);
    if (pathname.startsWith('/api/') || pathname.startsWith('/assets/')) return c.notFound();
    c.header('Cache-Control', 'no-cache');
    const page = await readFile(`${clientFolder}index.html`, 'utf8').catch(() => null);
    // A server without a built client still serves programs and observers.
    return page === null ? c.notFound() : c.html(page);
  });
  return routes;
}
