import type { IncomingHttpHeaders } from 'node:http';
import { Hono, type MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { ConcordError } from '../../shared/protocol/errors.ts';

/**
 * No foreign resources, no inline code, no framing; and strings become HTML only through the policies named here: the
 * editor's two, for pasted text that is parsed and dropped, and the observers' page's, for the server's own fragments.
 */
const contentSecurityPolicy = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'"],
  fontSrc: ["'self'"],
  connectSrc: ["'self'"],
  manifestSrc: ["'self'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
  requireTrustedTypesFor: ["'script'"],
  trustedTypes: ['ProseMirrorClipboard', 'concord-paste', 'concord-reading'],
};

/** Browser features that no page uses. */
const permissionsPolicy = {
  accelerometer: [],
  autoplay: [],
  bluetooth: [],
  browsingTopics: [],
  camera: [],
  displayCapture: [],
  encryptedMedia: [],
  geolocation: [],
  gyroscope: [],
  hid: [],
  idleDetection: [],
  magnetometer: [],
  microphone: [],
  midi: [],
  payment: [],
  publickeyCredentialsGet: [],
  screenWakeLock: [],
  serial: [],
  usb: [],
  xrSpatialTracking: [],
};

export interface Protection {
  readonly secure: boolean;
  /** The public origin, behind a proxy; null: each request's own host. */
  readonly publicOrigin: string | null;
}

/** Limits of a body, bytes: a command is small, a compilation is a file. */
const largestBody = 512 * 1024;
const largestFile = 6 * 1024 * 1024;

/**
 * The headers of `secure-headers`, taken from an answer of its own. The middleware sets them when the handler is done;
 * an event stream writes its head before that, and needs them too.
 */
async function secureHeadersOnce(secure: boolean): Promise<readonly (readonly [name: string, value: string])[]> {
  const middleware = secureHeaders({
    contentSecurityPolicy,
    permissionsPolicy,
    // For browsers without `frame-ancestors`.
    xFrameOptions: 'DENY',
    strictTransportSecurity: secure ? 'max-age=31536000' : false,
  });
  const answer = await new Hono().get('/', middleware, (c) => c.body(null)).request('/');
  return [...answer.headers];
}

/** Sets security headers on every answer; checks origin and size of every request that changes something. */
export function protect({ secure, publicOrigin }: Protection): MiddlewareHandler {
  const headers = secureHeadersOnce(secure);
  return async (c, next) => {
    for (const [name, value] of await headers) c.header(name, value);
    // For search engines.
    c.header('X-Robots-Tag', 'noindex, nofollow, noarchive');
    // An answer is confidential unless it says otherwise, as the program's own files do: a shared computer keeps none of it.
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

/**
 * Refuses a body that announces too large a size, and one that announces none: all usual clients do. Hono's `bodyLimit`
 * reads the latter until it is too large.
 */
async function limitBody(request: Request, most: number): Promise<void> {
  const length = request.headers.get('content-length');
  if (length === null ? request.headers.get('transfer-encoding') !== null : Number(length) > most)
    throw new ConcordError('update-too-large');
}

/**
 * Whether a request comes from our own pages, or from a program. A browser names the origin of every cross-site POST
 * and of every WebSocket; a program that names none has only cookies that it was given. Hono's `csrf` checks only
 * bodies that a form can send, and refuses every program that sends one of those.
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
