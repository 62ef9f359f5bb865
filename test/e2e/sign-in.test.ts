/** A server with API keys, in the browser. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiKeys } from '../../src/auth/keys.ts';
import { startServer, type TestServer } from '../server/fixtures/server.ts';
import { launch, leftOut, openPage } from './browser.ts';

describe.skipIf(leftOut)('signing in', { timeout: 60_000 }, () => {
  let browser: Browser;
  let server: TestServer;
  let token: string;

  beforeAll(async () => {
    browser = await launch();
    server = await startServer();
    ({ token } = await apiKeys(server.ledger).create({ name: 'studio', scopes: ['admin'] }));
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test('a wrong key is refused, the right one lets in and lasts, and logging out shuts the door', async () => {
    const origin = await server.listen();
    const { page, complaints, picture, close } = await openPage(browser, `${origin}/jobs`);
    await page.getByRole('heading', { name: 'This server wants an API key' }).waitFor();
    await picture('sign-in');
    const field = page.getByLabel('API key', { exact: true });
    await field.fill('mill_not-a-key');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('This API key is wrong, or was revoked.').waitFor();
    expect(await field.getAttribute('aria-invalid')).toBe('true');

    await field.fill(token);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Jobs' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await server.queue.enqueue([
      { task: 'shout_text', input_path: '/data/input/secret.txt', output_path: null, params: {} },
    ]);
    await page.getByText('secret.txt').waitFor();
    // No script can read what keeps somebody logged in.
    expect(await page.evaluate('document.cookie')).toBe('');
    await page.reload();
    await page.getByText('secret.txt').waitFor();

    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Log out studio' }).click();
    await page.getByRole('heading', { name: 'This server wants an API key' }).waitFor();
    expect(await page.getByText('secret.txt').count()).toBe(0);
    expect(await page.evaluate('fetch("/api/jobs").then((answer) => answer.status)')).toBe(401);
    await page.reload();
    await page.getByRole('heading', { name: 'This server wants an API key' }).waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  test('who is logged out meanwhile is asked for the key', async () => {
    const origin = await server.listen();
    const { page, close } = await openPage(browser, `${origin}/system`);
    await page.getByLabel('API key', { exact: true }).fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'System' }).waitFor();
    await page.context().clearCookies();
    await page.getByRole('link', { name: 'Jobs', exact: true }).first().click();
    await page.getByRole('heading', { name: 'This server wants an API key' }).waitFor();
    await close();
  });
});
