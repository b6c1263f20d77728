import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, type RunningServer, startServer, visit } from '../helpers/browser.ts';

let server: RunningServer;
let browser: Browser;
let place: string;

beforeAll(async () => {
  server = await startServer();
  browser = await launchBrowser();
  const chair = await open('chair', '/');
  await chair.click('.meetings a');
  await chair.click('.recommendation a');
  await chair.waitForSelector('.clause');
  place = new URL(chair.url()).pathname;
}, 60_000);
afterAll(async () => {
  await browser.close();
  await server.stop();
});

async function open(name: string, path: string): Promise<Page> {
  const { page, context } = await visit(browser, server, name);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(server.url + path);
  return page;
}
/** The id of the clause with the caret. */
const caretIn = (page: Page): Promise<string | undefined> =>
  page.evaluate(() => getSelection()?.anchorNode?.parentElement?.closest('.clause')?.id);
const inView = (page: Page, selector: string): Promise<boolean> =>
  page.locator(selector).evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  });

describe('[REF1] The address of a clause or an amendment', () => {
  it('is copied from its panel, and opens the page with the caret in the clause', async () => {
    const chair = await open('chair', place);
    const last = chair.locator('.clause').last();
    await last.waitFor();
    await last.locator('.clause-words').click();
    const titleOn = (page: Page): Promise<string> => page.locator('#clause-title').innerText();
    // The panel follows the caret.
    await expect.poll(() => titleOn(chair)).toMatch(/^Clause/);
    await chair.locator('.clause-panel').getByRole('button', { name: 'Copy link: Recommendation 1, clause' }).click();
    const address = await chair.evaluate(() => navigator.clipboard.readText());
    const id = await last.getAttribute('id');
    expect(address).toBe(`${server.url}${place}?clause=${id?.replace('clause-', '')}`);
    const argentina = await open('argentina', address.replace(server.url, ''));
    await argentina.waitForSelector('.clause');
    await expect.poll(() => caretIn(argentina)).toBe(id);
    await expect.poll(() => inView(argentina, `#${id}`)).toBe(true);
    await expect.poll(() => titleOn(argentina)).toBe(await titleOn(chair));
  });

  it('of an amendment leads to its words, and to its card once it is decided', async () => {
    const argentina = await open('argentina', place);
    await argentina.locator('.clause').first().waitFor();
    await argentina.locator('.text').focus();
    await argentina
      .locator('.clause-words')
      .last()
      .evaluate((words) => {
        getSelection()?.selectAllChildren(words);
        getSelection()?.collapseToEnd();
      });
    await argentina.keyboard.type(' and report on it');
    const card = argentina.locator('.card', { hasText: 'and report on it' });
    await card.waitFor();
    const number = await card.locator('.amendment-number').innerText();
    expect(number).toMatch(/^A\d+$/);
    const words = argentina.locator('.clause ins', { hasText: 'and report on it' });
    await expect.poll(() => words.getAttribute('title')).toBe(`${number} Argentina`);
    await card.getByRole('button', { name: `Copy link: Amendment ${number}` }).click();
    const address = (await argentina.evaluate(() => navigator.clipboard.readText())).replace(server.url, '');
    expect(address).toBe(`${place}?amendment=${number}`);

    const chair = await open('chair', address);
    const found = chair.locator('.clause ins', { hasText: 'and report on it' });
    await found.waitFor();
    await expect.poll(() => caretIn(chair)).toBe(await chair.locator('.clause').last().getAttribute('id'));
    const active = chair.locator('.card.is-active');
    await expect.poll(() => active.locator('.amendment-number').innerText()).toBe(number);
    await expect.poll(() => inView(chair, '.card.is-active')).toBe(true);
    await chair.waitForTimeout(800);
    await active.getByRole('button', { name: 'Choose' }).click();
    await chair
      .locator('.deciding')
      .getByRole('button', { name: /^Not adopt/ })
      .click();
    await found.waitFor({ state: 'detached' });

    const later = await open('canada', address);
    const decided = later.locator('.card-closed:focus');
    await decided.waitFor();
    expect(await decided.innerText()).toContain(number);
    expect(await decided.innerText()).toContain('Not adopted');
  });

  it('of what isn’t there says so', async () => {
    const canada = await open('canada', `${place}?amendment=A999`);
    await canada.getByText('Amendment A999 is not in this recommendation.').waitFor();
  });
});

describe('[LAB3] The numbers of clauses', () => {
  it('are frozen and released by the chair; everybody sees that they are frozen', async () => {
    const [chair, canada] = [await open('chair', place), await open('canada', place)];
    await chair.getByRole('button', { name: 'Freeze the numbers' }).click();
    await canada.getByText('The numbers of the clauses are frozen.').waitFor();
    await chair.getByRole('button', { name: 'Release the numbers' }).click();
    await canada.getByText('The numbers of the clauses are frozen.').waitFor({ state: 'detached' });
  });
});
