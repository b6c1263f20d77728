import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause, setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { importCompilation } from '../../../server/imports/compilation.ts';
import {
  createImporter,
  type Importer,
  type ImporterOptions,
  type Requester,
  type ToRead,
} from '../../../server/imports/importer.ts';
import { Compilation } from '../../../shared/meeting/compilation.ts';
import { ConcordError } from '../../../shared/protocol/errors.ts';
import { newAccountId } from '../../../shared/protocol/ids.ts';
import { bundle } from '../../helpers/bundle.ts';
import { temporaryDirectory } from '../../helpers/temporary.ts';

/** A waiting request: another account each time. */
const requester = (): Requester => ({ whose: newAccountId(), gone: new AbortController().signal });
const file = (words: string): ToRead => ({ source: bytes(words), language: 'en' });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const compilationIn = (json: Uint8Array): Compilation => Compilation.parse(JSON.parse(new TextDecoder().decode(json)));
const text = 'I. AIR\n\nClean the air. (Chile)\n\nMeasure it. (Chile; Peru)\n';

let importer: Importer;
async function importing(options: ImporterOptions = {}): Promise<Importer> {
  importer = createImporter({ program: await bundle('server/imports/importThread.ts'), small: 0, ...options });
  return importer;
}
afterEach(() => importer.close());

/** Another program in the thread, for behaviour that ours doesn't show. */
function programThat(does: string): URL {
  const path = join(temporaryDirectory(), 'program.mjs');
  writeFileSync(path, does);
  return pathToFileURL(path);
}
/** A program that answers to one file that nothing can be read in it, and to others never. */
const answersTo = (words: string): string => `
  import { parentPort } from 'node:worker_threads';
  parentPort.on('message', ({ source }) => {
    if (new TextDecoder().decode(source) !== ${JSON.stringify(words)}) for (;;);
    parentPort.postMessage({ json: null });
  });
`;
/** A program that never answers. */
const stays = 'for (;;);';
const codeOf = (reading: Promise<unknown>): Promise<unknown> =>
  reading.then(
    () => 'read',
    (error: unknown) => (error instanceof ConcordError ? error.code : error),
  );

describe('[IMP10] A compilation is read beside drafting', () => {
  it('finds what is in it, with the reasons of its warnings in the language that was asked for', async () => {
    const doubtful = `${text}\nAct. (Somebody or other; Chile)\n`;
    const { read } = await importing();
    for (const language of ['en', 'fr'] as const)
      expect(compilationIn(await read({ source: bytes(doubtful), language }, requester()))).toEqual(
        importCompilation(doubtful, language),
      );
  });

  it('reads a small one at once, without a thread', async () => {
    const { read } = await importing({ program: programThat(stays), small: text.length });
    expect(compilationIn(await read(file(text), requester()))).toEqual(importCompilation(text));
    expect(await codeOf(read(file('%PDF-1.7'), requester()))).toBe('import-unreadable');
  });

  it('refuses what is no text', async () => {
    expect(await codeOf((await importing()).read(file('%PDF-1.7'), requester()))).toBe('import-unreadable');
  });

  it('leaves the event loop to the others while it reads', async () => {
    const long = Array.from({ length: 300 }, (_, at) => `Act on ${at}. (Chile; Peru)`).join('\n\n');
    let reading = true;
    let turns = 0;
    const read = (await importing()).read(file(`I. AIR\n\n${long}`), requester()).finally(() => {
      reading = false;
    });
    while (reading) {
      turns += 1;
      await setImmediate();
    }
    expect(compilationIn(await read).topics).toHaveLength(1);
    expect(turns).toBeGreaterThan(100);
  });

  it('reads one after the other, and tells whoever finds too many waiting when to come again', async () => {
    const { read } = await importing();
    const files = ['Act.', 'Measure it.', 'Share it.', 'Say so.'].map((words) => `I. AIR\n\n${words} (Chile)\n`);
    const waiting = files.map((one) => read(file(one), requester()));
    await expect(read(file(text), requester())).rejects.toMatchObject({
      code: 'too-many-requests',
      detail: { field: '10' },
    });
    expect((await Promise.all(waiting)).map(compilationIn)).toEqual(files.map((one) => importCompilation(one)));
    expect(await codeOf(read(file(text), requester()))).toBe('read');
  });

  it('reads of what one account asks for the last, and leaves the places to others', async () => {
    const { read } = await importing({ program: programThat(answersTo('last')) });
    const one = requester();
    const asked = ['first', 'second', 'last'].map((words) => codeOf(read(file(words), one)));
    expect(await Promise.all(asked)).toEqual(['too-many-requests', 'too-many-requests', 'import-unreadable']);
    const others = [1, 2, 3, 4].map(() => codeOf(read(file('last'), requester())));
    expect(await Promise.all(others)).toEqual(Array(4).fill('import-unreadable'));
  });

  it('continues with the next when a requester has gone, whether its file was being read or waited', async () => {
    const { read } = await importing({ program: programThat(answersTo('last')) });
    const leaving = new AbortController();
    const gone = [1, 2].map(() => codeOf(read(file('first'), { ...requester(), gone: leaving.signal })));
    const next = codeOf(read(file('last'), requester()));
    setTimeout(() => leaving.abort(), 100);
    expect(await Promise.all([...gone, next])).toEqual(['too-many-requests', 'too-many-requests', 'import-unreadable']);
  });

  it('lets one go that takes too long, and reads the next', async () => {
    const stuck = programThat(stays);
    const { read } = await importing({ program: stuck, longest: 300 });
    expect(await Promise.all([codeOf(read(file(text), requester())), codeOf(read(file(text), requester()))])).toEqual([
      'import-unreadable',
      'import-unreadable',
    ]);
  });

  it('lets one go that takes too much memory', async () => {
    const greedy = programThat('const all = []; for (;;) all.push(Array.from({ length: 1000 }, (_, at) => ({ at })));');
    expect(
      await codeOf((await importing({ program: greedy, memory: 24, longest: 600_000 })).read(file(text), requester())),
    ).toBe('import-unreadable');
  });

  it('calls its own failures by their name', async () => {
    const broken = programThat('throw new Error("broken");');
    expect(await codeOf((await importing({ program: broken })).read(file(text), requester()))).toBe('internal');
  });

  it('keeps a thread for the next, and lets it go when nothing comes', async () => {
    const starts = join(temporaryDirectory(), 'starts');
    const counts = programThat(`
      import { appendFileSync } from 'node:fs';
      import { parentPort } from 'node:worker_threads';
      appendFileSync(${JSON.stringify(starts)}, 'x');
      parentPort.on('message', () => parentPort.postMessage({ json: null }));
    `);
    const { read } = await importing({ program: counts, idle: 50 });
    for (let times = 0; times < 3; times++)
      expect(await codeOf(read(file(text), requester()))).toBe('import-unreadable');
    expect(readFileSync(starts, 'utf8')).toBe('x');
    await pause(500);
    await codeOf(read(file(text), requester()));
    expect(readFileSync(starts, 'utf8')).toBe('xx');
  });

  it('ends with the server', async () => {
    const { read, close } = await importing({ program: programThat(stays) });
    const waiting = [1, 2].map(() => codeOf(read(file(text), requester())));
    await setImmediate();
    await close();
    expect(await Promise.all(waiting)).toEqual(['shutting-down', 'shutting-down']);
    expect(await codeOf(read(file(text), requester()))).toBe('shutting-down');
  });
});
