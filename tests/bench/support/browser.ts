import chromium from '@sparticuz/chromium';
import { type Browser, type BrowserContext, chromium as driver, type Page } from 'playwright-core';
import { password } from './server.ts';

export const browserProgram = (): Promise<string> => chromium.executablePath();

export const launchBrowser = (program: string, args: readonly string[]): Promise<Browser> =>
  driver.launch({
    executablePath: program,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--disable-background-networking',
      ...args,
    ],
  });

export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** The errors of the page's scripts: a page with one isn't measured. */
  readonly complaints: string[];
}

/** A browser context of its own, signed in. */
export async function visit(browser: Browser, address: string, name: string): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en' });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  const signedIn = await context.request.post(`${address}/api/session`, { data: { name, password } });
  if (!signedIn.ok()) throw new Error(`${name} could not sign in: ${await signedIn.text()}`);
  return { context, page, complaints };
}
