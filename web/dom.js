/** Elements, made without ever parsing HTML: names and messages come from files and strangers. */

/** @param {string} tag @param {Record<string, unknown>} [properties] @param {...(Node | string | null | undefined | false)} children */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'class') element.className = value;
    else if (name in element && !name.startsWith('aria')) element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** @param {string} id */
export const byId = (id) => document.getElementById(id);

/** Says something once to those who listen to the page. @param {string} text */
export function say(text) {
  byId('said').textContent = text;
}

/** Text in which `such` words are code. @param {string} text */
export function withCode(text) {
  return text.split('`').map((part, index) => (index % 2 ? h('code', {}, part) : part));
}

const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** Graphemes of a name that always show: the extension and a little before it. */
const TAIL = 12;

/** A name that is cut in the middle when there is no room, so that its extension always shows. @param {string} name */
export function middleCut(name) {
  const graphemes = [...segments.segment(name)].map(({ segment }) => segment);
  const tail = graphemes.splice(Math.max(0, graphemes.length - TAIL)).join('');
  return h(
    'span',
    { class: 'cut', dir: 'auto', title: name },
    h('span', { class: 'cut-head' }, graphemes.join('')),
    h('span', { class: 'cut-tail' }, tail),
  );
}
