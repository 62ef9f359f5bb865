/** Choosing files, a task and its parameters; running it. */
import { call } from './api.js';
import { byId, h, middleCut, withCode } from './dom.js';
import { makeField } from './fields.js';
import { size } from './format.js';
import { startUpload } from './uploads.js';

const GROUPS = { video: 'Video', audio: 'Audio', binary: 'Files', acquisition: 'Get files' };

/** @type {File[]} */
let files = [];
/** @type {Record<string, any>[]} */
let tasks = [];
/** @type {Record<string, any> | null} */
let task = null;
/** @type {import('./fields.js').Field[]} */
let fields = [];
let touched = false;

export async function startForm() {
  byId('file').addEventListener('change', () => choose([...byId('file').files]));
  byId('find-task').addEventListener('input', filterTasks);
  byId('job-form').addEventListener('submit', run);
  // What is wrong was wrong with what stood there before.
  byId('fields').addEventListener('input', () => note());
  acceptDrops();
  await loadTasks();
  note();
}

/** Titles of tasks by name, for the list of jobs. @param {string} name */
export function taskTitle(name) {
  return tasks.find((one) => one.name === name)?.title ?? name;
}

export async function loadTasks() {
  const groups = await call('/api/tasks');
  tasks = Object.entries(groups).flatMap(([group, list]) => list.map((one) => ({ ...one, group })));
  byId('task-list').replaceChildren(
    ...Object.entries(GROUPS)
      .filter(([group]) => groups[group]?.length > 0)
      .map(([group, title]) =>
        h(
          'div',
          { class: 'task-group' },
          h('h3', { class: 'group-head' }, title, h('span', {}, String(groups[group].length))),
          ...groups[group].map(taskChoice),
        ),
      ),
  );
}

function taskChoice(one) {
  return h(
    'label',
    { class: 'task', 'data-words': `${one.name} ${one.title} ${one.description}`.toLowerCase() },
    h('input', { type: 'radio', name: 'task', value: one.name, onchange: () => pick(one.name, true) }),
    h(
      'span',
      {},
      h('span', { class: 'task-title' }, one.title),
      h('span', { class: 'task-text' }, ...withCode(one.description)),
    ),
  );
}

function filterTasks() {
  const words = byId('find-task').value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const group of document.querySelectorAll('.task-group')) {
    const choices = [...group.querySelectorAll('.task')];
    for (const one of choices) one.hidden = !words.every((word) => one.dataset.words.includes(word));
    group.hidden = choices.every((one) => one.hidden);
  }
}

function pick(name, byHand) {
  touched ||= byHand;
  task = tasks.find((one) => one.name === name) ?? null;
  const input = document.querySelector(`input[name="task"][value="${CSS.escape(name)}"]`);
  if (input && !byHand) {
    input.checked = true;
    input.closest('.task').scrollIntoView({ block: 'nearest' });
  }
  byId('settings').hidden = !task;
  if (!task) return;
  byId('settings-title').textContent = task.title;
  byId('settings-name').textContent = task.name;
  byId('settings-description').replaceChildren(...withCode(task.description));
  showFields(task);
  note();
}

function showFields({ params, output }) {
  const all = Object.entries(params.properties ?? {});
  const required = params.required ?? [];
  const make = ([name, schema]) => makeField(name, schema, required.includes(name));
  const isAdvanced = ([, schema]) => schema.group === 'advanced';
  const plain = all.filter((one) => !isAdvanced(one)).map(make);
  const folded = all.filter(isAdvanced).map(make);
  if (output.kind !== 'none') {
    const extensions =
      output.extensions.length > 0 ? ` Ends in ${output.extensions.slice(0, 6).join(', ')}.` : '';
    const description = `A name of its own when left out.${output.kind === 'file' ? extensions : ''}`;
    folded.push(
      makeField(
        'output_path',
        {
          type: 'string',
          title: 'Save as',
          description,
          examples: [`output/name${output.extensions[0] ?? ''}`],
        },
        false,
      ),
    );
  }
  fields = [...plain, ...folded];
  byId('fields').replaceChildren(...plain.map(({ element }) => element));
  if (folded.length > 0) {
    const names = folded.map(({ element }) =>
      element.querySelector('.label').firstChild.textContent.toLowerCase(),
    );
    byId('fields').append(
      h(
        'details',
        { class: 'fold' },
        h('summary', {}, 'Advanced', h('span', {}, names.join(', '))),
        ...folded.map(({ element }) => element),
      ),
    );
  }
}

/** @param {File[]} chosen */
function choose(chosen) {
  files = chosen;
  byId('chosen').hidden = files.length === 0;
  byId('chosen').replaceChildren(
    ...files.map((file) => h('li', {}, middleCut(file.name), h('span', { class: 'meta' }, size(file.size)))),
  );
  byId('drop-text').replaceChildren(
    ...(files.length === 0
      ? [h('strong', {}, 'Choose a file'), ' or drop it anywhere on this page']
      : [h('strong', {}, files.length === 1 ? 'One file' : `${files.length} files`), ', choose another']),
  );
  if (files[0] && !touched) suggest(files[0]);
  note();
}

/** The first task of the group that fits the file, until somebody has chosen. @param {File} file */
function suggest({ type }) {
  const group = type.startsWith('video/') ? 'video' : type.startsWith('audio/') ? 'audio' : 'binary';
  const fitting = tasks.find(
    (one) => one.group === group && one.input.kind !== 'none' && (one.params.required ?? []).length === 0,
  );
  if (fitting) pick(fitting.name, false);
}

/** Says what is missing, or what will happen. @param {string} [text] */
function note(text) {
  const run = byId('run');
  const needsFile = task && task.input.kind !== 'none' && !(task.input.optional && files.length === 0);
  const missing = !task
    ? 'Choose a task.'
    : needsFile && files.length === 0
      ? 'Choose a file for this task.'
      : null;
  run.setAttribute('aria-disabled', String(missing !== null));
  run.textContent = needsFile && files.length > 1 ? `Run ${files.length} jobs` : 'Run job';
  byId('run-note').textContent = text ?? missing ?? '';
  byId('run-note').classList.toggle('wrong', Boolean(text));
  return missing;
}

/** @param {SubmitEvent} event */
async function run(event) {
  event.preventDefault();
  if (note()) return;
  for (const field of fields) field.complain(null);
  const params = {};
  let output;
  for (const field of fields) {
    const value = field.value();
    if (field.name === 'output_path') output = value;
    else if (value !== undefined) params[field.name] = value;
  }
  const request = { task: task.name, params, output_path: output };
  const sources = task.input.kind === 'none' || files.length === 0 ? [null] : files;
  const outcomes = await Promise.allSettled(sources.map((file) => startUpload(file, request)));
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed) complain(failed.reason);
  else if (task.input.kind !== 'none') {
    byId('file').value = '';
    choose([]);
  }
}

/** @param {import('./api.js').Failed} error */
function complain(error) {
  if (error.code === 'canceled') return;
  let first = null;
  for (const { field: name, message } of error.problems) {
    const field = fields.find((one) => one.name === name.split('.')[0]);
    field?.complain(message);
    first ??= field;
  }
  first?.element.closest('details')?.setAttribute('open', '');
  first?.focus();
  note(first ? 'One of the settings is not right.' : [error.message, error.next].filter(Boolean).join(' '));
}

function acceptDrops() {
  let depth = 0;
  const over = (on) => document.body.classList.toggle('dropping', on);
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
  document.addEventListener('dragenter', (event) => {
    if (carriesFiles(event)) over(++depth > 0);
  });
  document.addEventListener('dragleave', (event) => {
    if (carriesFiles(event)) over(--depth > 0);
  });
  document.addEventListener('dragover', (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  document.addEventListener('drop', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    over(false);
    choose([...event.dataTransfer.files]);
  });
}
