import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, type RunningServer, startServer, type Visit, violations, visit } from '../helpers/browser.ts';

let server: RunningServer;
let browser: Browser;
let place: string;
const visits: Visit[] = [];

beforeAll(async () => {
  server = await startServer();
  browser = await launchBrowser();
  const page = await enter('chair', '/');
  await page.click('.meetings a');
  await page.click('.recommendation a');
  await page.waitForSelector('.clause');
  place = new URL(page.url()).pathname;
}, 60_000);
afterEach(async () => {
  for (const { context, page } of visits) if (!page.isClosed()) await context.close();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

async function enter(name: string, path: string, options?: Parameters<typeof visit>[3]): Promise<Page> {
  const entered = await visit(browser, server, name, options);
  visits.push(entered);
  await entered.page.goto(server.url + path);
  return entered.page;
}
async function draft(name: string, options?: Parameters<typeof visit>[3]): Promise<Page> {
  const page = await enter(name, place, options);
  await page.waitForSelector('.clause');
  return page;
}
async function list(name: string, options?: Parameters<typeof visit>[3]): Promise<Page> {
  const page = await enter(name, `${place}/amendments`, options);
  await page.waitForSelector('.grid');
  return page;
}
/** Proposes to replace the last word of a clause, or only to add words at its end. */
async function amend(page: Page, at: number, words: string, strikes = 0): Promise<void> {
  await page.locator('.text').focus();
  await page
    .locator('.clause-words')
    .nth(at)
    .evaluate((clause) => {
      getSelection()?.selectAllChildren(clause);
      getSelection()?.collapseToEnd();
    });
  for (let keys = 0; keys < strikes; keys++) await page.keyboard.press('Backspace');
  await page.keyboard.type(words);
  await page.waitForSelector('.saved-saved');
}
/** Decisions are on words that were shown long enough to be read. */
const reads = (page: Page) => page.waitForTimeout(800);
const focused = (page: Page) => page.evaluate(() => document.activeElement?.id ?? '');
const card = (page: Page, words: string) => page.locator('.card:not(.card-closed)', { hasText: words });
const bar = (page: Page) => page.locator('.deciding');

// A page that is drawn late is not decided on: on a busy machine a press may come within the reading time.
describe('[SCR16] Nothing is decided unseen', { retry: 2 }, () => {
  it('the chair chooses two amendments by keys, sees how the clause would read and what falls, and adopts: five keys', async () => {
    const [argentina, canada, brazil] = [await draft('argentina'), await draft('canada'), await draft('brazil')];
    await amend(canada, 1, '', 6);
    await amend(argentina, 1, 'ONE', 6);
    await amend(brazil, 2, ' TWO');
    const chair = await list('chair');
    await chair.locator('.grid-row', { hasText: 'TWO' }).waitFor();
    await reads(chair);
    const row = chair.locator('.grid-row', { hasText: 'ONE' });
    // The rows between are counted out: the walk begins on the first of the two.
    await row.focus();
    const [one, two] = [row, chair.locator('.grid-row', { hasText: 'TWO' })].map((found) => found.getAttribute('id'));
    const ids = await chair.locator('.grid tbody .grid-row').evaluateAll((rows) => rows.map(({ id }) => id));
    const between = ids.indexOf((await two) ?? '') - ids.indexOf((await one) ?? '');
    let keys = 0;
    const press = async (key: string): Promise<void> => {
      keys += 1;
      await chair.keyboard.press(key);
    };
    await press('Space');
    for (let down = 0; down < between; down++) await press('j');
    await press('Space');
    expect(await bar(chair).innerText()).toMatch(/2 chosen: A\d+ and A\d+/);
    await press('d');
    await expect.poll(() => focused(chair)).toBe('deciding-title');
    expect(await bar(chair).locator('h2').first().innerText()).toMatch(/^With A\d+ and A\d+, the text would read$/);
    expect(await bar(chair).locator('.prose').allTextContents()).toEqual([
      expect.stringContaining('ONE'),
      expect.stringContaining('TWO'),
    ]);
    expect(await bar(chair).locator('.deciding-falls').innerText()).toMatch(
      /1 other amendment would fall\s+A\d+\s+CAN\s+deletes:\s+order,/,
    );
    expect(await violations(chair)).toEqual([]);
    await press('Tab');
    await press('Enter');
    await chair
      .locator('.deciding-done', { hasText: /2 amendments adopted \(A\d+ and A\d+\)\. 1 other fell \(A\d+\)\./ })
      .waitFor();
    expect(keys - between).toBe(5);
    await expect.poll(() => row.count()).toBe(0);
    // The focus is in the list again, so that the next keys choose the next ones.
    await expect.poll(() => focused(chair)).toMatch(/^row-/);
    await chair.locator('.list-closed summary').click();
    await chair.locator('.list-closed-row', { hasText: 'order,' }).getByText('Superseded').waitFor();
    // The whole act is taken back: the adopted ones, and the one that fell.
    await reads(chair);
    await bar(chair).getByRole('button', { name: 'Take the decision back' }).click();
    await expect
      .poll(() => chair.locator('.deciding-done p').innerText())
      .toMatch(/^Open again: A\d+, A\d+,? and A\d+\.$/);
    await row.waitFor();
  }, 60_000);

  it('a card leads to the outcome and decides nothing; Escape leads back', async () => {
    const [argentina, chair] = [await draft('argentina'), await draft('chair')];
    await amend(argentina, 0, ' LEADS');
    const choose = card(chair, 'LEADS').getByRole('button', { name: 'Choose' });
    await choose.focus();
    await chair.keyboard.press('Enter');
    await expect.poll(() => focused(chair)).toBe('deciding-title');
    await chair.keyboard.press('Enter');
    await reads(chair);
    expect(await card(chair, 'LEADS').count()).toBe(1);
    await chair.keyboard.press('Escape');
    expect(await choose.evaluate((button) => button === document.activeElement)).toBe(true);
    await bar(chair).getByRole('button', { name: 'Clear the choice' }).click();
    await expect.poll(() => bar(chair).count()).toBe(0);
  });

  it('an outcome that changed a moment ago is not decided', async () => {
    const [argentina, canada, chair] = [await draft('argentina'), await draft('canada'), await draft('chair')];
    await amend(argentina, 3, 'FIRST', 4);
    await card(chair, 'FIRST').getByRole('checkbox').check();
    await reads(chair);
    const adopt = bar(chair).getByRole('button', { name: 'Adopt', exact: true });
    await adopt.focus();
    // The page presses the button in the frame in which the outcome changes.
    const pressed = adopt.evaluate(async (button) => {
      while (document.querySelector('.deciding-falls li') === null) await new Promise(requestAnimationFrame);
      if (button instanceof HTMLElement) button.click();
    });
    await amend(canada, 3, '', 4);
    await pressed;
    await chair.locator('.toast', { hasText: 'The outcome changed just now' }).waitFor();
    expect(await card(chair, 'FIRST').count()).toBe(1);
    await reads(chair);
    await chair.keyboard.press('Enter');
    await expect.poll(() => card(chair, 'FIRST').count()).toBe(0);
  });

  it('adopts and agrees in one act, on the text that the dialog shows, and says what was not adopted', async () => {
    const [argentina, canada, chair] = [await draft('argentina'), await draft('canada'), await draft('chair')];
    await amend(argentina, 1, ' AGREEDWORDS');
    await amend(canada, 1, ' LEFTWORDS');
    await card(chair, 'LEFTWORDS').waitFor();
    await card(chair, 'AGREEDWORDS').getByRole('checkbox').check();
    await reads(chair);
    expect(await bar(chair).innerText()).toMatch(/\d+ amendments? in these clauses stays? open/);
    await bar(chair).getByRole('button', { name: 'Adopt and agree' }).click();
    const dialog = chair.getByRole('dialog');
    expect(await dialog.locator('.prose').innerText()).toContain('AGREEDWORDS');
    expect(await dialog.locator('.endings').innerText()).toContain('LEFTWORDS');
    expect(await violations(chair)).toEqual([]);
    await dialog.getByRole('button', { name: 'Agree on this text' }).click();
    await chair.locator('.deciding-done', { hasText: /Agreed: \w+/ }).waitFor();
    expect(await chair.locator('.deciding-done').innerText()).toMatch(/not adopted \(A\d+/);
    await chair.locator('.clause-is-agreed', { hasText: 'AGREEDWORDS' }).waitFor();
  });

  it('others see the same outcome, and have nothing to decide with', async () => {
    const argentina = await draft('argentina');
    await amend(argentina, 2, ' SEENBYALL');
    const canada = await draft('canada');
    await card(canada, 'SEENBYALL').getByRole('button', { name: 'How would it read?' }).click();
    await bar(canada).locator('.prose', { hasText: 'SEENBYALL' }).waitFor();
    expect(await bar(canada).getByRole('button').allInnerTexts()).toEqual(['Clear the choice', 'Show less Esc']);
    expect(await violations(canada)).toEqual([]);
  });
});

describe('[SCR15] The marshalled list on screen', () => {
  it('is reached from the text, narrowed by its filters, and leads back to the words', async () => {
    const argentina = await draft('argentina');
    await amend(argentina, 0, ' INTHELIST');
    const page = await draft('canada');
    await page.getByRole('link', { name: 'List of amendments' }).click();
    await page.waitForURL(/\/amendments$/);
    await page.getByRole('combobox', { name: 'Party' }).selectOption('ARG');
    await page.getByLabel('Word, party or number').fill('inthelist');
    await expect.poll(() => page.locator('.grid tbody .grid-row').allInnerTexts()).toHaveLength(1);
    expect(page.url()).toContain('party=ARG');
    // The address alone shows the same list.
    await page.reload();
    await page.locator('.grid-row', { hasText: 'INTHELIST' }).waitFor();
    expect(await page.locator('.grid tbody .grid-row').count()).toBe(1);
    await expect.poll(() => focused(page)).toMatch(/^row-/);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname === place);
    await expect
      .poll(() => page.evaluate(() => getSelection()?.anchorNode?.parentElement?.closest('.clause')?.textContent))
      .toContain('INTHELIST');
    await page.goBack();
    await page.waitForSelector('.grid');
  });

  it('fits a phone and has nothing that axe finds wrong', async () => {
    for (const options of [{ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }, {}]) {
      const page = await list('chair', { ...options, colorScheme: 'dark' });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      expect(await violations(page)).toEqual([]);
      await page.locator('.grid-row input').first().check();
      await bar(page).getByRole('button', { name: 'See how it would read' }).click();
      await bar(page)
        .getByRole('button', { name: /^Adopt/ })
        .first()
        .waitFor();
      expect(await violations(page)).toEqual([]);
    }
  });

  it('no screen complained', () => {
    expect(visits.flatMap(({ complaints }) => complaints)).toEqual([]);
  });
});
