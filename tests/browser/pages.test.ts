import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { languages, message } from '../../shared/words/words.ts';
import {
  launchBrowser,
  password,
  type RunningServer,
  startServer,
  type Visit,
  violations,
  visit,
} from '../helpers/browser.ts';

let server: RunningServer;
let browser: Browser;
const visits: Visit[] = [];

beforeAll(async () => {
  server = await startServer();
  browser = await launchBrowser();
}, 60_000);
afterEach(async () => {
  for (const { context } of visits.filter(({ page }) => !page.isClosed())) await context.close();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

async function open(name: string | null, path = '/', options?: Parameters<typeof visit>[3]): Promise<Page> {
  const entered = await visit(browser, server, name, options);
  visits.push(entered);
  await entered.page.goto(server.url + path);
  return entered.page;
}
/** The demo meeting, its overview open. */
async function meeting(name: string, options?: Parameters<typeof visit>[3]): Promise<Page> {
  const page = await open(name, '/', options);
  await page.locator('.meetings a').first().click();
  await page.locator('.recommendation').first().waitFor();
  return page;
}
const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const tooWide = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe('[SCR5] A participant signs in', () => {
  it('a demo offers its participants by one click', async () => {
    const page = await open(null);
    await page.getByRole('button', { name: 'argentina', exact: true }).click();
    await page.locator('.meetings a').first().waitFor();
    await page.locator('summary', { hasText: 'argentina' }).waitFor();
  });

  it('a wrong password is said, and what was typed stays', async () => {
    const page = await open(null);
    await page.getByLabel('Name').fill('chair');
    await page.getByLabel('Password').fill('wrong-password');
    await page.keyboard.press('Enter');
    await page.locator('#sign-in-failure', { hasText: /./ }).waitFor();
    expect(await page.getByLabel('Name').inputValue()).toBe('chair');
    await page.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
    await page.locator('.meetings a').first().waitFor();
  });

  it('with the keyboard alone, from the sign-in to a clause', async () => {
    const page = await open(null);
    await page.locator('h1').waitFor();
    const tabTo = async (wanted: string): Promise<void> => {
      for (let tabs = 0; tabs < 80; tabs++) {
        await page.keyboard.press('Tab');
        if (await page.evaluate((selector) => document.activeElement?.matches(selector) === true, wanted)) return;
      }
      throw new Error(`no key leads to ${wanted}`);
    };
    await tabTo('[name=name]');
    await page.keyboard.type('canada');
    await page.keyboard.press('Tab');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.locator('.meetings a').first().waitFor();
    await tabTo('.meetings a');
    await page.keyboard.press('Enter');
    await page.locator('.recommendation').first().waitFor();
    await tabTo('.recommendation a');
    await page.keyboard.press('Enter');
    await page.locator('.clause').first().waitFor();
    await tabTo('.text');
    await page.keyboard.press('Control+End');
    await page.keyboard.type(' bykeyboard');
    await page.locator('.text ins', { hasText: 'bykeyboard' }).waitFor();
    await page.waitForSelector('.saved-saved');
  });

  it('goes on where they were going, and nowhere else', async () => {
    const page = await open(null, '/?next=%2Fimport%3Ffrom%3Dhere');
    await page.getByRole('button', { name: 'rapporteur', exact: true }).click();
    await page.waitForURL(`${server.url}/import?from=here`);
    await page.locator('h1', { hasText: 'Import' }).waitFor();
    // A signed-in person is taken there too.
    await page.goto(`${server.url}/?next=%2Fimport`);
    await page.waitForURL(`${server.url}/import`);
    for (const evil of ['//evil.example', '/\\evil.example', 'https://evil.example']) {
      await page.goto(`${server.url}/?next=${encodeURIComponent(evil)}`);
      await page.locator('.meetings a').first().waitFor();
      expect(new URL(page.url()).origin).toBe(server.url);
    }
  });

  it('signing out everywhere ends the other windows too', async () => {
    const [one, other] = [await meeting('venezuela'), await meeting('venezuela')];
    await one.locator('summary', { hasText: 'venezuela' }).click();
    await one.getByRole('button', { name: 'Sign out everywhere' }).click();
    await one.getByLabel('Password').waitFor();
    await other.reload();
    await other.getByLabel('Password').waitFor();
  });
});

describe('[SCR4] From page to page', () => {
  it('links and Back open a page without a reload, and the focus goes to its heading', async () => {
    const page = await open('chair');
    const focused = (heading: string) =>
      expect.poll(() => page.locator('h1:focus').allInnerTexts()).toEqual([expect.stringContaining(heading)]);
    await page.locator('.meetings a').first().waitFor();
    await page.evaluate(() => document.body.setAttribute('data-kept', 'yes'));
    await page.locator('.meetings a').first().click();
    await focused('Meeting of National Authorities');
    await page.locator('.recommendation a').first().click();
    await focused('Bringing national laws closer together');
    await expect.poll(() => page.title()).toBe('Recommendation 1. Bringing national laws closer together – Concord');
    await page.goBack();
    await focused('Meeting of National Authorities');
    expect(await page.locator('body').getAttribute('data-kept')).toBe('yes');
    // The server renders this one.
    await page.locator('a[href$="/text"]').first().click();
    await page.waitForURL(/\/text$/);
    expect(await page.locator('body').getAttribute('data-kept')).toBeNull();
  });

  it('a page whose code is gone since an update of the server is opened anew, once', async () => {
    const page = await open('chair');
    await page.locator('.meetings a').first().waitFor();
    let asked = 0;
    await page.route('**/assets/meeting-*.js', (route) => {
      asked += 1;
      return asked === 1 ? route.abort() : route.continue();
    });
    await page.locator('.meetings a').first().click();
    await page.locator('.recommendation').first().waitFor();
    expect(asked).toBe(2);
    await page.unroute('**/assets/meeting-*.js');
    await page.route('**/assets/meeting-*.js', (route) => route.abort());
    await page.reload();
    await page.getByRole('alert').filter({ hasText: /./ }).waitFor();
  });

  it.each(['/nowhere', '/meetings/nowhere', '/meetings/%zz', '//'])('%s is no page', async (path) => {
    const page = await open('chair', path);
    await page.locator('h1', { hasText: 'This page does not exist.' }).waitFor();
    await page.locator('main a').click();
    await page.locator('.meetings a').first().waitFor();
  });
});

describe('[SCR6] The whole meeting at a glance', () => {
  it('counts follow what is decided, live', async () => {
    const [overview, chair] = [await meeting('cim'), await meeting('chair')];
    const row = overview.locator('.recommendation').first();
    const before = await row.locator('.progress-words').innerText();
    expect(before).toMatch(/^\d+ clauses?: \d+ agreed, (\d+ ad referendum, )?\d+ open, \d+ with amendments$/);
    await chair.locator('.recommendation a').first().click();
    await chair.locator('.clause').first().waitFor();
    await chair.locator('.clause-words').first().click();
    await chair.getByRole('button', { name: 'Agreed', exact: true }).click();
    await chair.getByRole('dialog').getByRole('button', { name: 'Confirm' }).click();
    await expect.poll(() => row.locator('.progress-words').innerText()).not.toBe(before);
  });

  it('the chair closes drafting and chooses what observers see', async () => {
    const [chair, delegate] = [await meeting('chair'), await meeting('argentina')];
    await chair.getByRole('button', { name: 'Close drafting' }).click();
    await delegate.getByText('Drafting is closed').waitFor();
    await chair.getByRole('button', { name: 'Open drafting' }).click();
    await delegate.getByText('Drafting is open').waitFor();
    await chair.getByLabel('Observers see').selectOption('attributed');
    await delegate.getByText('Observers see: Text with attribution').waitFor();
  });
});

describe('[SCR7] The rapporteur runs the meeting', () => {
  it('accredits, invites; the invited takes it up once; the end of it is at once', async () => {
    const rapporteur = await meeting('rapporteur');
    await rapporteur.getByRole('link', { name: 'Run the meeting' }).click();
    await rapporteur.getByLabel('Name', { exact: true }).fill('Ana Pérez');
    await rapporteur.getByRole('combobox', { name: 'Role' }).selectOption('delegate');
    await rapporteur.getByRole('combobox', { name: 'Party' }).selectOption('CAN');
    await rapporteur.getByRole('button', { name: 'Add', exact: true }).first().click();
    const row = rapporteur.locator('#participants-title ~ ul li', { hasText: 'Ana Pérez' });
    await row.getByRole('button', { name: 'Make an invitation link' }).click();
    const link = await rapporteur.getByRole('dialog').locator('input').inputValue();
    await rapporteur.keyboard.press('Escape');

    const path = new URL(link).pathname + new URL(link).hash + new URL(link).search;
    const invited = await open(null, path);
    await invited.getByLabel('Name').fill('ana');
    await invited.getByLabel('Password').fill('twelve letters');
    expect(await violations(invited)).toEqual([]);
    await invited.getByRole('button', { name: 'Accept invitation' }).click();
    await invited.locator('.meetings a').first().click();
    await invited.locator('.recommendation a').first().click();
    await invited.locator('.clause').first().waitFor();

    const late = await open(null, path);
    await late.locator('.failure', { hasText: /./ }).first().waitFor();

    await rapporteur.getByRole('button', { name: 'End accreditation: Ana Pérez' }).click();
    await rapporteur.getByRole('dialog').getByRole('button', { name: 'End accreditation' }).click();
    await rapporteur.locator('li.is-ended', { hasText: 'Ana Pérez' }).waitFor();
    await invited.locator('.refusal, .banner, [role=alert]', { hasText: /./ }).first().waitFor();
  });

  it('adds a party and a topic, and what is wrong is said without losing what was typed', async () => {
    const rapporteur = await meeting('rapporteur');
    await rapporteur.getByRole('link', { name: 'Run the meeting' }).click();
    await rapporteur.getByRole('button', { name: 'Add a party' }).click();
    const dialog = rapporteur.getByRole('dialog');
    await dialog.getByLabel('Code').fill('GRL');
    await dialog.getByLabel('Name in English').fill('Group of Lakes');
    await dialog.getByLabel('Kind').selectOption('group');
    await dialog.getByLabel('Argentina').check();
    expect(await violations(rapporteur)).toEqual([]);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await rapporteur.locator('#parties-title ~ ul li', { hasText: 'Group of Lakes' }).waitFor();
    // Argentina sponsors words, has a delegate, and is in a group: it stays.
    await rapporteur.getByRole('button', { name: 'Remove: Argentina' }).click();
    await rapporteur.getByText(message('en', 'error.party-in-use')).first().waitFor();
  });

  it('says that a compilation is being read, and takes the same file again after a refusal', async () => {
    const rapporteur = await open('rapporteur', '/import');
    const file = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('%PDF-1.7') };
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await rapporteur.route('**/api/imports/preview', async (route) => {
      await held;
      await route.continue();
    });
    await rapporteur.locator('input[type=file]').setInputFiles(file);
    await rapporteur
      .getByRole('status')
      .filter({ hasText: message('en', 'app.loading') })
      .waitFor();
    answer();
    const refused = rapporteur.getByRole('alert').filter({ hasText: message('en', 'error.import-unreadable') });
    await refused.waitFor();
    expect(await rapporteur.getByText(message('en', 'app.loading')).count()).toBe(0);
    // A browser reports no change for a file that was chosen before: the field has to forget it first.
    const input = rapporteur.locator('input[type=file]');
    expect(await input.inputValue()).not.toBe('');
    const chosen = rapporteur.waitForEvent('filechooser');
    await input.click();
    expect(await input.inputValue()).toBe('');
    const again = rapporteur.waitForResponse('**/api/imports/preview');
    await (await chosen).setFiles(file);
    expect((await again).status()).toBe(422);
    await refused.waitFor();
    expect(await violations(rapporteur)).toEqual([]);
  });

  it('imports a compilation: preview, corrections, and only then a meeting', async () => {
    const rapporteur = await open('rapporteur', '/import');
    await rapporteur.locator('input[type=file]').setInputFiles({
      name: 'compilation.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from(
        [
          'PROPOSALS ON THE SHARED LAKE',
          '',
          'I. WATER',
          '',
          'Measure the level of the lake every month. (Chile, Peru)',
          '',
          'Share the measurements. (Bolivia)',
          '',
          'Words that nobody signed.',
          '',
        ].join('\n'),
      ),
    });
    await rapporteur.locator('.import-row').first().waitFor();
    expect(await rapporteur.locator('.import-row').count()).toBe(3);
    expect(await rapporteur.locator('.import-untagged').count()).toBe(1);
    // The button reads the chosen file once more.
    const again = rapporteur.waitForResponse('**/api/imports/preview');
    await rapporteur.getByRole('button', { name: 'Preview' }).click();
    expect((await again).status()).toBe(200);
    expect((await rapporteur.locator('.failure').allInnerTexts()).join('')).toBe('');
    const untagged = rapporteur.locator('.import-untagged');
    await untagged.getByLabel('Add a sponsor').fill('Atlantis');
    await untagged.getByLabel('Add a sponsor').press('Tab');
    await untagged.locator('.failure', { hasText: /./ }).waitFor();
    await untagged.getByLabel('Add a sponsor').fill('Peru');
    await untagged.getByLabel('Add a sponsor').press('Tab');
    await expect.poll(() => rapporteur.locator('.import-untagged').count()).toBe(0);
    await rapporteur.getByRole('button', { name: 'Merge with the next row' }).first().click();
    await expect.poll(() => rapporteur.locator('.import-row').count()).toBe(2);
    expect(await violations(rapporteur)).toEqual([]);
    // A reload loses none of the corrections.
    await rapporteur.reload();
    await rapporteur.locator('.import-row').first().waitFor();
    expect(await rapporteur.locator('.import-row').count()).toBe(2);
    await rapporteur.getByLabel('Name of the meeting').fill('Shared lake');
    await rapporteur.getByRole('button', { name: 'Create the meeting' }).click();
    await rapporteur.locator('h1', { hasText: 'Shared lake' }).waitFor();
    await rapporteur.locator('.recommendation a').first().click();
    await rapporteur.locator('.clause', { hasText: 'Share the measurements.' }).waitFor();
    for (const code of ['Chile', 'Peru', 'Bolivia'])
      expect(await rapporteur.locator(`.clause-parties abbr[title="${code}"]`).count()).toBeGreaterThan(0);
  });

  it('the first administrator comes in by the link that an empty server prints, and imports', async () => {
    const own = await startServer({ args: ['--empty'] });
    try {
      const link = /http\S+\/invitations\/\S+/.exec(own.printed())?.[0] ?? '';
      const { page, context } = await visit(browser, own, null);
      await page.goto(own.url + link.slice(new URL(link).origin.length));
      await page.getByLabel('Name').fill('secretary');
      await page.getByLabel('Password').fill('a long password');
      await page.getByRole('button', { name: 'Accept invitation' }).click();
      await page.getByRole('link', { name: 'Import a compilation' }).click();
      await page.getByLabel('Or paste the text here').fill('I. AIR\n\nClean the air. (Chile)\n');
      await page.getByRole('button', { name: 'Preview' }).click();
      await page.locator('.import-row').waitFor();
      await page.getByRole('button', { name: 'Create the meeting' }).click();
      await page.locator('.recommendation').first().waitFor();
      // No demo here: strangers are offered nothing.
      const stranger = await visit(browser, own, null);
      await stranger.page.goto(own.url);
      await stranger.page.getByLabel('Password').waitFor();
      expect(await stranger.page.locator('.demo').count()).toBe(0);
      await stranger.context.close();
      await context.close();
    } finally {
      await own.stop();
    }
  });
});

describe('[SCR8] Observers read along', () => {
  it('without JavaScript the page is complete', async () => {
    const page = await open('observer', '/', {});
    await page.locator('.meetings a').first().waitFor();
    const address = await page.locator('.meetings a').first().getAttribute('href');
    const cookies = await page.context().cookies();
    const bare = await browser.newContext({ javaScriptEnabled: false });
    await bare.addCookies(cookies);
    const plain = await bare.newPage();
    await plain.goto(server.url + address);
    expect(await plain.locator('h2').count()).toBeGreaterThan(4);
    expect((await plain.locator('main').innerText()).length).toBeGreaterThan(2000);
    await bare.close();
  });

  it('decisions appear automatically, and axe finds nothing wrong', async () => {
    const [observer, delegate] = [await open('observer'), await meeting('brazil')];
    await observer.locator('.meetings a').first().click();
    await observer.locator('h1').waitFor();
    await delegate.locator('.recommendation a').last().click();
    await delegate.locator('.clause').first().waitFor();
    await delegate.locator('.text').focus();
    await delegate.keyboard.press('Control+End');
    await delegate.keyboard.type(' seenbyobservers');
    await observer.getByText('seenbyobservers').first().waitFor();
    expect(await violations(observer)).toEqual([]);
    // The overview doesn't count for observers: they are not told how far a text is.
    await observer.goto(observer.url().replace(/(meetings\/[^/]+).*/, '$1'));
    await observer.locator('.recommendation a').first().waitFor();
    expect(await observer.locator('.progress').count()).toBe(0);
  });
});

describe('[SCR4] For everybody', () => {
  it('each page is without fault for axe, light and dark, and fits a phone', async () => {
    for (const [colorScheme, size] of [
      ['light', {}],
      ['dark', phone],
    ] as const) {
      const stranger = await open(null, '/', { colorScheme, ...size });
      await stranger.locator('.demo').waitFor();
      expect(await violations(stranger)).toEqual([]);
      expect(await tooWide(stranger)).toBe(0);
      const page = await meeting('rapporteur', { colorScheme, ...size });
      expect(await violations(page)).toEqual([]);
      expect(await tooWide(page)).toBe(0);
      await page.getByRole('link', { name: 'Run the meeting' }).click();
      await page.locator('#agenda-title').waitFor();
      expect(await violations(page)).toEqual([]);
      expect(await tooWide(page)).toBe(0);
      await page.goto(`${server.url}/no-such-page`);
      await page.getByText('This page does not exist.').waitFor();
      expect(await violations(page)).toEqual([]);
      const text = await open('observer', '/', { colorScheme, ...size });
      await text.locator('.meetings a').first().click();
      await text.locator('h2').first().waitFor();
      expect(await violations(text)).toEqual([]);
      expect(await tooWide(text)).toBe(0);
    }
  }, 60_000);

  it('speaks four languages, also on the page of the server’s', async () => {
    const page = await open(null);
    for (const language of languages) {
      await page.locator('.language select').selectOption(language);
      await page.getByRole('heading', { name: message(language, 'sign-in.title'), exact: true }).waitFor();
      expect(await page.locator('html').getAttribute('lang')).toBe(language);
    }
    await page.getByRole('button', { name: 'observer', exact: true }).click();
    await page.locator('.meetings a').first().click();
    await page.getByText(message('pt', 'reading.back')).first().waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('pt');
  });

  it('no screen complained', () => {
    const expected = /status of (401|403|404|409|410|422)|net::ERR|WebSocket connection/;
    expect(visits.flatMap(({ complaints }) => complaints).filter((one) => !expected.test(one))).toEqual([]);
  });
});
