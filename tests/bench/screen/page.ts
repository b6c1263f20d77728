import { writeFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { visit } from '../support/browser.ts';
import type { Load } from './load.ts';
import { typist } from './meeting.ts';
import { installMeter, type Meter } from './meter.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** CPU time of the page's main thread, ms: other work of the machine is not in it. */
export interface Work {
  readonly task: number;
  readonly script: number;
  readonly layout: number;
}
async function countWork(page: Page): Promise<() => Promise<Work>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const read = async (): Promise<Map<string, number>> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return new Map(metrics.map(({ name, value }) => [name, value]));
  };
  const before = await read();
  return async () => {
    const after = await read();
    const spent = (name: string): number => 1000 * ((after.get(name) ?? 0) - (before.get(name) ?? 0));
    return { task: spent('TaskDuration'), script: spent('ScriptDuration'), layout: spent('LayoutDuration') };
  };
}

/** PROFILE=file.cpuprofile or TRACE=file.json write a profile for a browser's tools. */
async function profile(page: Page): Promise<() => Promise<void>> {
  const { PROFILE, TRACE } = process.env;
  const browser = page.context().browser();
  if (TRACE !== undefined && browser !== null) {
    const categories = ['devtools.timeline', 'cc', 'viz', 'input', 'toplevel'];
    await browser.startTracing(page, { path: TRACE, categories });
    return async () => void (await browser.stopTracing());
  }
  if (PROFILE === undefined) return async () => undefined;
  const session = await page.context().newCDPSession(page);
  await session.send('Profiler.enable');
  await session.send('Profiler.setSamplingInterval', { interval: 200 });
  await session.send('Profiler.start');
  return async () => {
    const { profile: samples } = await session.send('Profiler.stop');
    writeFileSync(PROFILE, JSON.stringify(samples));
  };
}

/** The scripts that a page loads, bytes: as sent, uncompressed, and compressed here for comparison. */
export interface Scripts {
  readonly sent: number;
  readonly plain: number;
  readonly gzip: number;
  readonly brotli: number;
}
function countScripts(page: Page): () => Promise<Scripts> {
  const sizes: Promise<Scripts>[] = [];
  page.on('response', (response) => {
    if (response.request().resourceType() !== 'script') return;
    const measured = async (): Promise<Scripts> => {
      const body = await response.body();
      const { responseBodySize } = await response.request().sizes();
      return {
        sent: responseBodySize,
        plain: body.length,
        gzip: gzipSync(body, { level: 9 }).length,
        brotli: brotliCompressSync(body).length,
      };
    };
    sizes.push(measured());
  });
  return async () => {
    const all = await Promise.all(sizes);
    const sum = (of: keyof Scripts): number => all.reduce((total, one) => total + one[of], 0);
    return { sent: sum('sent'), plain: sum('plain'), gzip: sum('gzip'), brotli: sum('brotli') };
  };
}

export interface Round {
  readonly meter: Meter;
  readonly scripts: Scripts;
  /** The main thread's work, divided by the number of letters meanwhile, local and remote. */
  readonly work: Work;
}

const phrase = 'and to report on it at the next meeting of this body ';

/** Opens the recommendation with an empty cache while others write, and types so many keys at the end of a clause. */
export async function draft(
  browser: Browser,
  address: string,
  {
    path,
    clause,
    keys,
    random,
    load,
  }: { path: string; clause: number; keys: number; random: () => number; load: Load },
): Promise<Round> {
  const { context, page, complaints } = await visit(browser, address, typist);
  // An overloaded page answers slowly; that is measured.
  page.setDefaultTimeout(120_000);
  // A click into the clause and a key, as soon as it is there: the page itself reports that.
  const tried = new Promise<void>((resolve, reject) => {
    page
      .exposeFunction('opened', (x: number, y: number) => {
        page.mouse
          .click(x, y)
          .then(() => page.keyboard.press('x'))
          .then(resolve, reject);
      })
      .catch(reject);
  });
  await page.addInitScript(installMeter, clause);
  const scripts = countScripts(page);
  await page.goto(address + path, { waitUntil: 'commit' });
  await tried;
  // Clauses above may have arrived between the look and the click.
  for (let tries = 0; !(await page.evaluate(() => window.meter.editable > 0)); tries++) {
    if (tries > 20) throw new Error('no key did anything');
    if (tries > 0) {
      await page.locator('.clause-words').nth(clause).click();
      await page.keyboard.press('x');
    }
    await pause(500);
  }
  await page.waitForSelector('.saved-saved', { state: 'attached' });
  await pause(1500);
  await page.evaluate((at) => {
    const end = document.querySelectorAll('.clause-words')[at];
    if (end !== undefined) getSelection()?.selectAllChildren(end);
    getSelection()?.collapseToEnd();
    window.meter.keys.length = 0;
    window.meter.durations.length = 0;
    window.meter.long.length = 0;
  }, clause);
  await pause(100);
  const worked = await countWork(page);
  const before = await load.letters();
  const profiled = await profile(page);
  for (let key = 0; key < keys; key++) {
    const letter = phrase.charAt(key % phrase.length);
    await page.keyboard.press(letter === ' ' ? 'Space' : letter);
    await pause(90 + 80 * random());
  }
  await page.waitForFunction((count) => window.meter.keys.length >= count, keys);
  const letters = keys + (await load.letters()) - before;
  const { task, script, layout } = await worked();
  const meter = await page.evaluate(() => window.meter);
  await profiled();
  await page.waitForSelector('.saved-saved', { state: 'attached' });
  const loaded = await scripts();
  await context.close();
  if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join('; ')}`);
  return {
    meter,
    scripts: loaded,
    work: { task: task / letters, script: script / letters, layout: layout / letters },
  };
}

/** Opens the observers' page, and returns the scripts that it loads. */
export async function observe(browser: Browser, address: string, path: string): Promise<Scripts> {
  const { context, page } = await visit(browser, address, 'observer');
  const scripts = countScripts(page);
  await page.goto(address + path, { waitUntil: 'load' });
  const loaded = await scripts();
  await context.close();
  return loaded;
}
