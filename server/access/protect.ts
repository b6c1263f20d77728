import type { IncomingHttpHeaders } from 'node:http';
import type { MiddlewareHandler } from 'hono';
import { ConcordError } from '../../shared/protocol/errors.ts';

/**
 * No foreign resources, no inline code, no framing; and strings become HTML only through the policies named here: the
 * editor's two, for pasted text that is parsed and dropped, and the observers' page's, for the server's own fragments.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types ProseMirrorClipboard concord-paste concord-reading',
].join('; ');

/** Browser features that no page uses. */
const permissionsPolicy = [
  'accelerometer',
  'autoplay',
  'bluetooth',
  'browsing-topics',
  'camera',
  'display-capture',
  'encrypted-media',
  'geolocation',
  'gyroscope',
  'hid',
  'idle-detection',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'publickey-credentials-get',
  'screen-wake-lock',
  'serial',
  'usb',
  'xr-spatial-tracking',
]
  .map((feature) => `${feature}=()`)
  .join(', ');

export interface Protection {
  readonly secure: boolean;
  /** The public origin, behind a proxy; null: each request's own host. */
  readonly publicOrigin: string | null;
}

/** Limits of a body, bytes: a command is small, a compilation is a file. */
const largestBody = 512 * 1024;
const largestFile = 6 * 1024 * 1024;

/** Sets security headers on every answer; checks origin and size of every request that changes something. */
export function protect({ secure, publicOrigin }: Protection): MiddlewareHandler {
  return async (c, next) => {
    c.header('Content-Security-Policy', contentSecurityPolicy);
    c.header('X-Content-Type-Options', 'nosniff');
    c.header('Referrer-Policy', 'no-referrer');
    c.header('Cross-Origin-Opener-Policy', 'same-origin');
    c.header('Cross-Origin-Resource-Policy', 'same-origin');
    c.header('Permissions-Policy', permissionsPolicy);
    c.header('Origin-Agent-Cluster', '?1');
    // For browsers without `frame-ancestors`, and for search engines.
    c.header('X-Frame-Options', 'DENY');
    c.header('X-Robots-Tag', 'noindex, nofollow, noarchive');
    if (secure) c.header('Strict-Transport-Security', 'max-age=31536000');
    // Answers are confidential unless they say otherwise, as the program's own files do: a shared computer keeps none
    // of them.
    c.header('Cache-Control', 'no-store');
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
      const headers = {
        origin: c.req.header('origin'),
        host: c.req.header('host'),
        'sec-fetch-site': c.req.header('sec-fetch-site'),
      };
      if (!originAllowed(headers, publicOrigin)) throw new ConcordError('foreign-origin');
      const most = c.req.path.startsWith('/api/imports') ? largestFile : largestBody;
      await limitBody(c.req.raw, most);
    }
    await next();
  };
}

/** Refuses a body that announces too large a size, and one that announces none: all usual clients do. */
async function limitBody(request: Request, most: number): Promise<void> {
  const length = request.headers.get('content-length');
  if (length === null ? request.headers.get('transfer-encoding') !== null : Number(length) > most)
    throw new ConcordError('update-too-large');
}

/**
 * Whether a request comes from our own pages, or from a program. A browser names the origin of every cross-site POST
 * and of every WebSocket; a program that names none has only cookies that it was given.
 */
export function originAllowed(
  headers: Pick<IncomingHttpHeaders, 'origin' | 'host'> & { readonly 'sec-fetch-site'?: string | string[] | undefined },
  publicOrigin: string | null,
): boolean {
  const site = headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') return false;
  const { origin, host } = headers;
  if (origin === undefined) return true;
  if (publicOrigin !== null) return origin === publicOrigin;
  return origin === `http://${host}` || origin === `https://${host}`;
}
