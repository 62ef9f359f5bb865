/** A page in Debian's Chromium that keeps account of everything it complains about. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const present = existsSync(CHROMIUM);
if (!present) console.warn(`left out: tests of the page, for there is no Chromium at ${CHROMIUM}`);
/** With CI=true nothing may be left out: then a missing browser fails every test. */
export const leftOut = !present && process.env.CI !== 'true';

/** Where pictures of the page go, when somebody wants to look at them. */
const PICTURES = process.env.MILL_PICTURES;

/**
 * Parts of the browser's own window that would start processes beside each page and draw there unseen: they cost
 * more than the pages do. Of several such lists only the last counts, so what Playwright turns off and the tests
 * rely on is in it too.
 */
const FEATURES_OFF = [
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'SpareRendererForSitePerProcess',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
];

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--disable-features=${FEATURES_OFF.join()}`,
    ],
  });
}

export interface OpenPage {
  page: Page;
  /** Errors and warnings of the console, violations of the policy and uncaught errors. */
  complaints: string[];
  picture(name: string): Promise<void>;
  close(): Promise<void>;
}

/** The browser itself logs answers that are no success; a poster that is not there is one. */
const EXPECTED = /Failed to load resource: the server responded with a status of 4\d\d/;

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    locale: 'en-GB',
    colorScheme: 'light',
    ...options,
  });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    const text = message.text();
    if (['error', 'warning'].includes(message.type()) && !EXPECTED.test(text)) complaints.push(text);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  // A violated policy that is not logged is still seen.
  await page.addInitScript(
    `document.addEventListener('securitypolicyviolation', (event) =>
      console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI));`,
  );
  await page.goto(url);
  return {
    page,
    complaints,
    async picture(name) {
      if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}.png`) });
    },
    close: () => context.close(),
  };
}

/** Gives the page files to choose, as the dialog of the browser would. */
export async function chooseFiles(
  page: Page,
  files: { name: string; content?: string | Buffer; type?: string }[],
): Promise<void> {
  await page.getByLabel('Choose files', { exact: true }).setInputFiles(
    files.map(({ name, content = 'hello', type = 'text/plain' }) => ({
      name,
      mimeType: type,
      buffer: Buffer.from(content),
    })),
  );
}
