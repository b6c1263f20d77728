import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Created, InvitationLink, MeetingView } from '../../shared/protocol/contract.ts';
import { launchBrowser, type RunningServer, startServer, type Visit, visit } from '../helpers/browser.ts';

/** Words that would run code if they were read as HTML, in every known way. */
const payloads = [
  '<img src=x onerror="stolen=1">',
  '"><script>stolen=1</script>',
  "'><svg/onload=stolen=1>",
  '</title></textarea></style><iframe srcdoc="<script>parent.stolen=1</script>">',
  '<a href="javascript:stolen=1">x</a>',
  '&lt;b&gt;{{7*7}}<!--',
];
const everything = payloads.join(' ');

let server: RunningServer;
let browser: Browser;
const visits: Visit[] = [];
let rapporteur: Page;
/** The meeting that is full of them. */
let here: string;
let place: string;

beforeAll(async () => {
  server = await startServer();
  browser = await launchBrowser();
  rapporteur = await enter('rapporteur', '/');
  const post = async (path: string, data: unknown): Promise<unknown> => {
    const response = await rapporteur.request.post(server.url + path, { data });
    if (!response.ok()) throw new Error(`${path}: ${await response.text()}`);
    return response.status() === 204 ? null : response.json();
  };
  const { meeting } = Created.parse(
    await post('/api/imports', {
      meeting: everything.slice(0, 300),
      compilation: {
        title: everything,
        parties: [{ code: 'ARG', name: payloads[0], kind: 'state', aliases: [payloads[1]] }],
        topics: [
          {
            heading: everything,
            level: 1,
            recommendations: [
              {
                heading: everything,
                clauses: [
                  { text: everything, level: 0, sponsors: [payloads[0]] },
                  { text: `Second. ${everything}`, level: 1, sponsors: [] },
                ],
              },
            ],
          },
        ],
        warnings: [],
      },
    }),
  );
  here = `/meetings/${meeting}`;
  const view = MeetingView.parse(await (await rapporteur.request.get(`${server.url}/api${here}`)).json());
  place = `${here}/recommendations/${view.recommendations[0]?.id}`;
  for (const [name, role, party] of [
    ['chair', 'chair', null],
    ['observer', 'observer', null],
    ['argentina', 'delegate', 'ARG'],
  ] as const) {
    const seat = await post(`/api${here}/accredit`, { name: `${name} ${payloads[2]}`, role, party });
    const { participant } = seat as { participant: string };
    const { link } = InvitationLink.parse(await post(`/api${here}/participants/${participant}/invitation`, {}));
    const page = await enter(name, '/');
    const taken = await page.request.post(`${server.url}/api${new URL(link).pathname}`, { data: {} });
    if (!taken.ok()) throw new Error(await taken.text());
  }
  const chair = pageOf('chair');
  await chair.request.post(`${server.url}/api${here}/set-observer-view`, { data: { view: 'attributed' } });
}, 120_000);
afterAll(async () => {
  await browser.close();
  await server.stop();
});

const names: string[] = [];
async function enter(name: string, path: string): Promise<Page> {
  const entered = await visit(browser, server, name);
  visits.push(entered);
  names.push(name);
  await entered.page.goto(server.url + path);
  return entered.page;
}
function pageOf(name: string): Page {
  const found = visits[names.indexOf(name)]?.page;
  if (found === undefined) throw new Error(`${name} isn't there`);
  return found;
}

/** The page shows the words as they are, has run none, and holds no element that came with them. */
async function isHarmless(page: Page, where: string): Promise<void> {
  await page.getByText('<svg/onload=stolen=1>').first().waitFor();
  const found = await page.evaluate(() => ({
    stolen: 'stolen' in globalThis,
    brought: document.querySelectorAll(
      'img[src="x"], svg[onload], iframe, [onerror], a[href^="javascript"], main script',
    ).length,
  }));
  expect([where, found]).toEqual([where, { stolen: false, brought: 0 }]);
}

describe('[SAFE6] Text is shown as words, in every place', () => {
  it('to observers, in the page and in what comes live', async () => {
    const observer = pageOf('observer');
    await observer.goto(`${server.url}${here}/text`);
    await observer.locator('#connection', { hasText: /./ }).waitFor();
    await isHarmless(observer, 'the page');
    const argentina = pageOf('argentina');
    await argentina.goto(server.url + place);
    await argentina.locator('.clause-words').first().click();
    await argentina.keyboard.type(` live ${payloads[0]}`);
    await observer.locator('ins', { hasText: `live ${payloads[0]}` }).waitFor();
    await isHarmless(observer, 'live');
  });

  it('to those who draft: text, cards, reasons, history, overview, management', async () => {
    const [argentina, chair] = [pageOf('argentina'), pageOf('chair')];
    const card = argentina.locator('.card').first();
    await card.getByRole('button', { name: 'Give a reason' }).click();
    await card.getByLabel('Reason').fill(everything);
    await card.getByRole('button', { name: 'Save' }).click();
    await card.locator('.card-reason', { hasText: 'stolen' }).waitFor();
    await isHarmless(argentina, 'the recommendation');
    await chair.goto(server.url + place);
    await chair.locator('.clause-words').first().click();
    await chair.getByRole('button', { name: 'History' }).click();
    await chair.getByRole('dialog').locator('.history li').first().waitFor();
    await isHarmless(chair, 'the history');
    await chair.goto(server.url + here);
    await chair.locator('.recommendation').first().waitFor();
    await isHarmless(chair, 'the overview');
    await rapporteur.goto(`${server.url}${here}/manage`);
    await rapporteur.locator('#participants-title').waitFor();
    await isHarmless(rapporteur, 'the management');
    await rapporteur.goto(`${server.url}/`);
    await isHarmless(rapporteur, 'the list of meetings');
    await rapporteur.goto(`${server.url}/import`);
    await rapporteur
      .getByLabel('Or paste the text here')
      .fill(`PREVENTION\n\n${everything} (Argentina)\n\n${everything}\n`);
    await rapporteur.getByRole('button', { name: 'Preview' }).click();
    await rapporteur.locator('.import-row').first().waitFor();
    expect(await rapporteur.evaluate(() => 'stolen' in globalThis)).toBe(false);
  });

  it('also when it is pasted as a page: the words come, and nothing runs', async () => {
    const argentina = pageOf('argentina');
    await argentina.locator('.clause-words').nth(1).click();
    await argentina.evaluate(
      (html) => {
        const data = new DataTransfer();
        data.setData('text/html', html);
        document.activeElement?.dispatchEvent(
          new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
        );
      },
      `<p>pasted as a page</p>${payloads.slice(0, 3).join('')}`,
    );
    await argentina.locator('ins', { hasText: 'pasted as a page' }).first().waitFor();
    await isHarmless(argentina, 'pasted');
  });

  it('and the browser would let no string become a page’s HTML or program', async () => {
    const argentina = pageOf('argentina');
    const tries = await argentina.evaluate(() => {
      const refused = (work: () => unknown): boolean => {
        try {
          work();
          return false;
        } catch (error) {
          return error instanceof TypeError;
        }
      };
      return [
        refused(() => {
          document.createElement('div').innerHTML = '<b>x</b>';
        }),
        refused(() => document.body.insertAdjacentHTML('beforeend', '<b>x</b>')),
        refused(() => {
          document.createElement('script').src = '/reading.js';
        }),
        refused(() =>
          (
            globalThis as unknown as { trustedTypes: { createPolicy(name: string, rules: object): unknown } }
          ).trustedTypes.createPolicy('of an enemy', {}),
        ),
      ];
    });
    expect(tries).toEqual([true, true, true, true]);
  });

  it('no page complained of its own policy before', () => {
    for (const { complaints } of visits.slice(0, 3))
      expect(complaints.filter((complaint) => /policy|Trusted/i.test(complaint))).toEqual([]);
  });
});
