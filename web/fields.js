/** One control for each property of a JSON Schema, and what was typed into it. */
import { call } from './api.js';
import { h, withCode } from './dom.js';

/**
 * @typedef {{ name: string, element: HTMLElement, value(): unknown, complain(message: string | null): void, focus(): void }} Field
 */

/** Names that are written in capitals. */
const ABBREVIATIONS = /^(crf|gop|fps|url)$/;

let count = 0;

/** @param {string} name @param {Record<string, any>} schema @param {boolean} required @returns {Field} */
export function makeField(name, schema, required) {
  const id = `field-${++count}`;
  const control = controlFor(schema, id);
  const complaint = h('p', { class: 'complaint', id: `${id}-wrong`, hidden: true });
  const hint = hintOf(schema);
  control.input.setAttribute(
    'aria-describedby',
    [hint && `${id}-hint`, `${id}-wrong`].filter(Boolean).join(' '),
  );
  if (required) control.input.setAttribute('aria-required', 'true');
  const element = h(
    'div',
    { class: 'row' },
    h('label', { htmlFor: id, class: 'label' }, schema.title ?? sentence(name), h('code', {}, name)),
    h(
      'div',
      { class: control.input.type === 'checkbox' ? 'control beside' : 'control' },
      control.element,
      hint && h('p', { class: 'hint', id: `${id}-hint` }, ...withCode(hint)),
      complaint,
    ),
  );
  return {
    name,
    element,
    value: control.value,
    focus: () => control.input.focus(),
    complain(message) {
      complaint.textContent = message ?? '';
      complaint.hidden = message === null;
      control.input.setAttribute('aria-invalid', String(message !== null));
    },
  };
}

/** @param {string} name */
function sentence(name) {
  const words = name.replaceAll('_', ' ');
  return ABBREVIATIONS.test(words) ? words.toUpperCase() : words[0]?.toUpperCase() + words.slice(1);
}

function controlFor(schema, id) {
  const kinds = kindsOf(schema);
  if (schema.format === 'input-path') return fileReference(schema, id, false);
  if (kinds.has('boolean') && kinds.size === 1) return toggle(schema, id);
  const choices = choicesOf(schema);
  if (choices) return choice(schema, id, choices);
  if (kinds.has('array')) {
    const items = schema.items ?? schema.anyOf?.find((one) => one.items)?.items;
    return hasReference(items) ? fileReference(schema, id, true) : lines(schema, id);
  }
  if (kinds.has('object')) return json(schema, id);
  if (kinds.has('string')) return text(schema, id, kinds.has('number') || kinds.has('integer'));
  return number(schema, id);
}

function kindsOf(schema) {
  const options = schema.anyOf ?? schema.oneOf ?? [schema];
  return new Set(
    options
      .flatMap((option) => option.type ?? (option.enum ? 'string' : []))
      .filter((kind) => kind !== 'null'),
  );
}

function choicesOf(schema) {
  const options = schema.anyOf ?? schema.oneOf ?? [schema];
  if (options.some((option) => !option.enum && option.const === undefined && option.type !== 'null'))
    return null;
  return options.flatMap((option) => option.enum ?? (option.const === undefined ? [] : [option.const]));
}

function hasReference(items) {
  return items?.format === 'input-path' || (items?.anyOf ?? []).some((one) => one.format === 'input-path');
}

function hintOf(schema) {
  const { description = '', default: initial, minimum, maximum } = schema;
  const parts = [description];
  if (initial !== undefined && typeof initial !== 'boolean' && !/default/i.test(description)) {
    parts.push(`Default ${show(initial)}.`);
  }
  if (minimum !== undefined && maximum !== undefined && maximum < 1e9)
    parts.push(`${minimum} to ${maximum}.`);
  return parts.filter(Boolean).join(' ');
}

const show = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

function example(schema) {
  const value = schema.default ?? schema.examples?.[0];
  return value === undefined ? '' : show(value);
}

/** What was typed, or undefined to leave it to the server. */
const typed = (input) => (input.value.trim() === '' ? undefined : input.value.trim());

function text(schema, id, numbersToo) {
  const input = h('input', {
    id,
    class: 'field',
    type: 'text',
    placeholder: example(schema),
    spellcheck: false,
    autocomplete: 'off',
  });
  const value = () => {
    const given = typed(input);
    return numbersToo && given !== undefined && /^-?\d+(\.\d+)?$/.test(given) ? Number(given) : given;
  };
  return { element: withUnit(input, schema.unit), input, value };
}

function number(schema, id) {
  const step = schema.type === 'integer' ? 1 : 'any';
  const { minimum: min, maximum: max } = schema;
  const input = h('input', {
    id,
    class: 'field short',
    type: 'number',
    placeholder: example(schema),
    inputMode: 'decimal',
  });
  for (const [name, limit] of Object.entries({ step, min, max }))
    if (limit !== undefined) input.setAttribute(name, String(limit));
  return {
    element: withUnit(input, schema.unit),
    input,
    value: () => (typed(input) === undefined ? undefined : Number(input.value)),
  };
}

function withUnit(input, unit) {
  return unit && unit.length < 12
    ? h('div', { class: 'with-unit' }, input, h('span', { class: 'unit' }, unit))
    : input;
}

function choice(schema, id, choices) {
  const input = h(
    'select',
    { id, class: 'field' },
    h(
      'option',
      { value: '' },
      schema.default === undefined ? 'Not set' : `${show(schema.default)} (default)`,
    ),
    ...choices
      .filter((one) => one !== schema.default)
      .map((one) => h('option', { value: String(choices.indexOf(one)) }, show(one))),
  );
  return {
    element: input,
    input,
    value: () => (input.value === '' ? undefined : choices[Number(input.value)]),
  };
}

function toggle(schema, id) {
  const initial = schema.default ?? false;
  const input = h('input', { id, type: 'checkbox', class: 'switch', checked: initial, role: 'switch' });
  return { element: input, input, value: () => (input.checked === initial ? undefined : input.checked) };
}

function lines(schema, id) {
  const input = h('textarea', { id, class: 'field', rows: 3, placeholder: 'One a line', spellcheck: false });
  const numeric = ['number', 'integer'].includes(schema.items?.type);
  const value = () => {
    const given = input.value
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
    if (given.length === 0) return undefined;
    return given.map((line) =>
      numeric && !Number.isNaN(Number(line)) ? Number(line) : line.startsWith('{') ? parse(line) : line,
    );
  };
  return { element: input, input, value };
}

function json(schema, id) {
  const input = h('textarea', {
    id,
    class: 'field mono',
    rows: 3,
    placeholder: example(schema) || '{}',
    spellcheck: false,
  });
  return {
    element: input,
    input,
    value: () => (typed(input) === undefined ? undefined : parse(input.value)),
  };
}

/** What is no JSON goes as it is: the server says what is wrong with it. */
function parse(given) {
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}

/** A path, or a file that is uploaded at once and leaves its path. */
function fileReference(schema, id, many) {
  const placeholder = many ? 'Paths or file ids, one a line' : 'Path or file id';
  const input = h(many ? 'textarea' : 'input', {
    id,
    class: 'field',
    placeholder,
    spellcheck: false,
    autocomplete: 'off',
  });
  if (many) input.rows = 3;
  const state = h('span', { class: 'hint', role: 'status' });
  const picker = h('input', {
    type: 'file',
    class: 'cover',
    multiple: many,
    'aria-label': `Upload for ${schema.title ?? 'this field'}`,
  });
  picker.addEventListener('change', async () => {
    for (const file of picker.files ?? []) {
      state.textContent = `Uploading ${file.name}`;
      try {
        const form = new FormData();
        form.append('file', file);
        const { path } = await call('/api/upload', { method: 'POST', body: form });
        input.value = many && input.value.trim() !== '' ? `${input.value.trim()}\n${path}` : path;
        state.textContent = `Uploaded ${file.name}`;
      } catch (error) {
        state.textContent = error.message;
      }
    }
    picker.value = '';
  });
  const element = h(
    'div',
    {},
    h('div', { class: 'with-button' }, input, h('span', { class: 'button picker' }, 'Upload', picker)),
    state,
  );
  const one = () => typed(input);
  const several = () => {
    const paths = input.value
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
    return paths.length === 0 ? undefined : paths.map((path) => (path.startsWith('{') ? parse(path) : path));
  };
  return { element, input, value: many ? several : one };
}
