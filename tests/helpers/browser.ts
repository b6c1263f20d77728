import chromium from '@sparticuz/chromium';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium as driver, type Page } from 'playwright-core';
import { freePort, launchConcord, password } from './process.ts';
import { temporaryDirectory } from './temporary.ts';

/** A Chromium from an npm package: nothing has to be installed. */
export const launchBrowser = async (): Promise<Browser> =>
  driver.launch({
    executablePath: await chromium.executablePath(),
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--disable-background-networking',
    ],
  });

/** The real, built server as a process of its own. */
export interface RunningServer {
  readonly url: string;
  readonly dataDir: string;
  readonly pid: number;
  /** All output so far. */
  printed(): string;
  /** Ends it, and resolves with its exit code, or the signal's name. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
}

export { password };

export async function startServer({
  dataDir,
  args = [],
  env = {},
  port,
  largestFile,
}: {
  dataDir?: string;
  args?: string[];
  env?: Record<string, string>;
  port?: number;
  /** No file of the server's may grow beyond so many kilobytes: the system's stand-in for a full disk. */
  largestFile?: number;
} = {}): Promise<RunningServer> {
  const directory = dataDir ?? temporaryDirectory();
  const server = launchConcord({
    dataDir: directory,
    args,
    env,
    port: port ?? (await freePort()),
    ...(largestFile !== undefined && { largestFile }),
  });
  await server.ready;
  return { url: server.url, pid: server.pid, dataDir: directory, printed: server.printed, stop: server.kill };
}

export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** The errors of the page's scripts. */
  readonly complaints: string[];
}

/** A browser context of its own, signed in. */
export async function visit(
  browser: Browser,
  server: Pick<RunningServer, 'url'>,
  name: string | null,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en', ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  if (name !== null) {
    const signedIn = await context.request.post(`${server.url}/api/session`, { data: { name, password } });
    if (!signedIn.ok()) throw new Error(`${name} could not sign in: ${await signedIn.text()}`);
  }
  return { context, page, complaints };
}

/** The page's faults by axe, as sentences; the rules are those of WCAG 2.2 AA. */
export async function violations(page: Page): Promise<string[]> {
  // The page's policy allows only its own scripts; the test's is injected around it.
  await page.evaluate(axe.source);
  const results = await page.evaluate(async () => {
    const { axe: checker } = window as unknown as { axe: typeof axe };
    return checker.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
  });
  return results.violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join(' | ')}`,
  );
}
