import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newMarkId } from '../../shared/protocol/ids.ts';
import { markKey } from '../../shared/text/document.ts';
import { launchBrowser, violations } from '../helpers/browser.ts';
import { type Client, connect, propose } from '../helpers/hostileClient.ts';
import { type Person, startMeeting, type TestMeeting } from '../helpers/meeting.ts';

let meeting: TestMeeting;
let browser: Browser;
let argentina: Client;
let brazil: Client;
const contexts: BrowserContext[] = [];
const complaints: string[] = [];

beforeAll(async () => {
  meeting = await startMeeting();
  browser = await launchBrowser();
  argentina = await connect(meeting, 'argentina');
  brazil = await connect(meeting, 'brazil');
}, 60_000);
afterAll(async () => {
  argentina.leave();
  brazil.leave();
  for (const context of contexts) await context.close();
  await browser.close();
  await meeting.close();
});

const wall = { width: 1920, height: 1080 };

async function open(as: Person, path: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: wall, locale: 'en', ...options });
  contexts.push(context);
  const [name = '', value = ''] = meeting.cookies[as].split('=');
  await context.addCookies([{ name, value, url: meeting.url }]);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(`${meeting.url}/meetings/${meeting.id}/${path}`);
  return page;
}

async function discuss(clause: number): Promise<void> {
  const { clauses } = await meeting.text();
  const currentClause = { recommendation: meeting.recommendation, clause: clauses[clause]?.id ?? null };
  const path = `/api/meetings/${meeting.id}/set-current-clause`;
  expect((await meeting.request('chair', 'POST', path, { currentClause })).status).toBe(204);
}
const show = (view: string) =>
  meeting.request('chair', 'POST', `/api/meetings/${meeting.id}/set-observer-view`, { view });

/** The height of the type of an element's words, px. */
const sizeOf = (page: Page, selector: string): Promise<number> =>
  page
    .locator(selector)
    .first()
    .evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize));

/** The least contrast, and the smallest type, among the words on the page. */
const legibility = (page: Page): Promise<{ readonly contrast: number; readonly smallest: number }> =>
  page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const luminance = (colour: string, on: string): number => {
      if (canvas === null) throw new Error('no canvas');
      canvas.fillStyle = on;
      canvas.fillRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map((byte) => {
        const part = byte / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const clear = 'rgba(0, 0, 0, 0)';
    const ground = (element: Element | null): string => {
      if (element === null) return 'white';
      const { backgroundColor } = getComputedStyle(element);
      return backgroundColor === clear ? ground(element.parentElement) : backgroundColor;
    };
    let [contrast, smallest] = [21, 1000];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      if (element === null || node.textContent?.trim() === '' || element.getClientRects().length === 0) continue;
      const { color, fontSize } = getComputedStyle(element);
      const behind = ground(element);
      const [one, other] = [luminance(color, behind), luminance(behind, behind)];
      contrast = Math.min(contrast, (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05));
      smallest = Math.min(smallest, Number.parseFloat(fontSize));
    }
    return { contrast, smallest };
  });

describe('[SCR10] The projector is legible at ten metres', () => {
  it('follows the chair, and axe finds nothing wrong, light and dark, on a wall and on a phone', async () => {
    await propose(argentina, 0, 0, 'Strongly ');
    await propose(brazil, 0, 5, 'and gladly ');
    await discuss(0);
    for (const [colorScheme, viewport] of [
      ['light', wall],
      ['dark', wall],
      ['light', { width: 360, height: 740 }],
    ] as const) {
      await discuss(0);
      const page = await open('chair', 'screen', { colorScheme, viewport });
      await page.getByText('Clause 1').waitFor();
      await page.locator('.codes', { hasText: 'ARG' }).first().waitFor();
      expect(await violations(page)).toEqual([]);
      await discuss(1);
      await page.getByText('Clause 2').waitFor();
      await page.getByText('Invite states to share experience.').waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
      expect(await page.locator('button, input, select, a').count()).toBe(0);
    }
  });

  it('a usual clause is at least 44 px high, with a contrast of 7 : 1, and nothing on the screen is under 24', async () => {
    await discuss(0);
    for (const colorScheme of ['light', 'dark'] as const)
      for (const as of ['chair', 'observer'] as const) {
        await show('bracketed');
        const page = await open(as, 'screen', { colorScheme });
        await page.locator('.prose').waitFor();
        expect(await sizeOf(page, '.prose')).toBeGreaterThanOrEqual(44);
        const { contrast, smallest } = await legibility(page);
        expect(contrast).toBeGreaterThanOrEqual(7);
        expect(smallest).toBeGreaterThanOrEqual(24);
      }
  });

  it('a long clause is at least 32 px high, and scrolls to the words that are amended', async () => {
    await propose(argentina, 1, 0, 'at length and in all detail '.repeat(200));
    await discuss(1);
    const page = await open('chair', 'screen');
    await page.locator('.prose').waitFor();
    expect(await sizeOf(page, '.prose')).toBeGreaterThanOrEqual(31.9);
    expect((await legibility(page)).contrast).toBeGreaterThanOrEqual(7);
    const clause = (await meeting.text()).clauses[1];
    await propose(brazil, 1, clause?.text.length ?? 0, ' lastly');
    const last = page.locator('.contested', { hasText: 'lastly' });
    await last.waitFor();
    await expect
      .poll(async () => {
        const [place, main] = [await last.boundingBox(), await page.locator('main').boundingBox()];
        return place !== null && main !== null && place.y >= main.y && place.y + place.height <= main.y + main.height;
      })
      .toBe(true);
  });

  it('without JavaScript the page is complete, in type that fits', async () => {
    await discuss(0);
    const page = await open('chair', 'screen', { javaScriptEnabled: false });
    expect(await page.locator('main').innerText()).toContain('states to train officials.');
    expect(await sizeOf(page, '.prose')).toBeGreaterThanOrEqual(44);
  });
});

describe('[READ6] The observers’ page', () => {
  it('leads to the clause under discussion, and a copy of it as text says which words are struck', async () => {
    const id = newMarkId();
    const strike = { [markKey('deletion', id)]: { id } };
    expect(await brazil.say(brazil.change(() => brazil.words(2).format(0, 9, strike)))).toMatchObject({
      verdict: 'accepted',
    });
    await show('bracketed');
    await discuss(2);
    const page = await open('observer', 'text');
    await page.getByRole('link', { name: 'Under discussion: Recommendation 1, clause 3' }).click();
    const clause = page.locator('.clause:target');
    expect(await clause.locator('.now').innerText()).toBe('Under discussion');
    const copied = await clause.evaluate((element) => {
      getSelection()?.selectAllChildren(element);
      return getSelection()?.toString();
    });
    expect(copied).toContain('3. [delete: Encourage] research.');
    expect(await violations(page)).toEqual([]);
  });
});

describe('[SCR11] A printed page', () => {
  it('of observers holds title, date and text; its pages are numbered', async () => {
    await show('bracketed');
    await discuss(0);
    const page = await open('observer', 'text');
    await page.locator('#part-current a').waitFor();
    await page.emulateMedia({ media: 'print' });
    for (const link of await page.getByRole('link').all()) expect(await link.isVisible()).toBe(false);
    expect(await page.locator('header').innerText()).toMatch(
      /^Test meeting\s+Text with brackets · As at \w+, .* \d{4}/,
    );
    expect(await page.locator('main').innerText()).toContain('1. Training');
    const style = await (await meeting.request(null, 'GET', '/reading.css')).text();
    expect(style).toMatch(/@page \{[^}]*@bottom-center \{\s*content: counter\(page\)/);
    // The pages are made: a rule that the browser can't read would leave none.
    expect((await page.pdf({ preferCSSPageSize: true })).length).toBeGreaterThan(5000);
  });

  it('of a participant holds no control', async () => {
    const page = await open('chair', `recommendations/${meeting.recommendation}`);
    await page.locator('.clause').first().waitFor();
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('h1').first().isVisible()).toBe(true);
    expect(await page.locator('.printed').innerText()).toMatch(/^As at \w+, .* \d{4}/);
    expect(await page.locator('main').innerText()).toContain('states to train officials.');
    for (const control of await page.locator('button, input, select, textarea, [role="toolbar"], aside').all())
      expect(await control.isVisible()).toBe(false);
    await page.goto(`${meeting.url}/meetings/${meeting.id}`);
    await page.emulateMedia({ media: 'print' });
    await page.locator('h2').first().waitFor();
    for (const control of await page.locator('button, input, select, textarea').all())
      expect(await control.isVisible()).toBe(false);
  });

  it('no screen complained', () => {
    expect(complaints).toEqual([]);
  });
});
