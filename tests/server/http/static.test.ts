import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { staticRoutes } from '../../../server/http/static.ts';
import { script } from '../../../server/reading/assets.ts';

const routes = staticRoutes();
const page = await (await routes.request('/')).text();
const asset = /src="([^"]+\.js)"/.exec(page)?.[1] ?? '';
const ask = (headers: Record<string, string>, path = asset): Promise<Response> =>
  Promise.resolve(routes.request(path, { headers }));
const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());
const plain = await bytesOf(await ask({}));

describe('[HOUSE3] Public files are sent compressed', () => {
  it('plain to browsers that name no encoding', async () => {
    const response = await ask({});
    expect(response.status).toBe(200);
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(response.headers.get('content-type')).toContain('text/javascript');
    expect(response.headers.get('content-length')).toBe(String(plain.length));
    expect(response.headers.get('cache-control')).toContain('immutable');
    expect(response.headers.get('vary')).toBe('Accept-Encoding');
  });

  it.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['GZIP;q=0.5, identity', 'gzip'],
    ['br;q=0.2, gzip;q=0.9', 'gzip'],
    ['br;q=0, *', 'gzip'],
    ['*', 'br'],
  ])('where %s is accepted, as %s', async (accepted, encoding) => {
    const response = await ask({ 'accept-encoding': accepted });
    expect(response.headers.get('content-encoding')).toBe(encoding);
    expect(response.headers.get('vary')).toBe('Accept-Encoding');
    const bytes = await bytesOf(response);
    expect(response.headers.get('content-length')).toBe(String(bytes.length));
    expect(bytes.length).toBeLessThan(plain.length / 2);
    expect(plain.equals(encoding === 'br' ? brotliDecompressSync(bytes) : gunzipSync(bytes))).toBe(true);
  });

  it.each(['identity', 'br;q=0, gzip;q=0.0', 'deflate', ''])('where "%s" is accepted, as it is', async (accepted) => {
    const response = await ask({ 'accept-encoding': accepted });
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(plain.equals(await bytesOf(response))).toBe(true);
  });

  it('not again to browsers that have the same bytes; the tag of one encoding is none of another’s', async () => {
    const tags = new Set<string>();
    for (const accepted of ['', 'gzip', 'br']) {
      const tag = (await ask({ 'accept-encoding': accepted })).headers.get('etag') ?? '';
      tags.add(tag);
      const again = await ask({ 'accept-encoding': accepted, 'if-none-match': `"other", W/${tag}` });
      expect([again.status, await again.text()]).toEqual([304, '']);
      expect(again.headers.get('vary')).toBe('Accept-Encoding');
      expect((await ask({ 'accept-encoding': accepted, 'if-none-match': '"other"' })).status).toBe(200);
    }
    expect(tags.size).toBe(3);
    const [first = ''] = tags;
    expect((await ask({ 'accept-encoding': 'br', 'if-none-match': first })).status).toBe(200);
  });

  it('the page itself too, and asked for anew each time', async () => {
    const response = await ask({ 'accept-encoding': 'br' }, '/meetings/somewhere');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(brotliDecompressSync(await bytesOf(response)).toString()).toBe(page);
  });

  it('files that are no files of the client’s are not found', async () => {
    for (const path of ['/assets/none.js', `${asset}.br`, '/assets/..%2findex.html', '/assets/', '/api/none'])
      expect((await ask({}, path)).status, path).toBe(404);
  });

  it('the observers’ script is small', () => {
    expect(script.smaller.br?.length).toBeLessThan(15 * 1024);
    expect(brotliDecompressSync(script.smaller.br ?? new Uint8Array()).equals(script.plain)).toBe(true);
  });
});
