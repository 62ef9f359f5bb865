/** What axe finds wrong with a page for those who cannot see, hear or point well. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

/** The rules that look at colours: all that can change where only the colours do. */
const OF_COLOUR = ['color-contrast', 'link-in-text-block'];

/** Every rule on the page as it is; no frames of other origins are in it, so axe needs no page of its own. */
export function problems(page: Page): Promise<string[]> {
  return told(new AxeBuilder({ page }).options({ resultTypes: ['violations'] }));
}

/** In the other colours, right after `problems` and in the same document: axe itself is there already. */
export function problemsOfColour(page: Page): Promise<string[]> {
  return told(new AxeBuilder({ page, axeSource: ';' }).withRules(OF_COLOUR));
}

async function told(axe: AxeBuilder): Promise<string[]> {
  const { violations } = await axe.setLegacyMode().analyze();
  return violations.map(
    ({ id, nodes }) => `${id} ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
  );
}
