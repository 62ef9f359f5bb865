/** The list of jobs, live. Rows keep their elements; nothing moves while the pointer is on the list. */
import { call } from './api.js';
import { byId, h, say } from './dom.js';
import { fileName } from './format.js';
import { nameOf } from './names.js';
import { makeRow } from './row.js';

/** In the order they are likely to start. */
const NEXT = ['queued', 'deferred', 'scheduled'];
const FILTERS = {
  all: ['All', ['started', ...NEXT, 'finished', 'failed', 'canceled']],
  started: ['Started', ['started']],
  next: ['Waiting', NEXT],
  finished: ['Finished', ['finished']],
  failed: ['Failed', ['failed']],
  canceled: ['Canceled', ['canceled']],
};
const PAGE = 50;

/** @type {Map<string, any>} */
const jobs = new Map();
/** @type {Map<string, ReturnType<typeof makeRow>>} */
const rows = new Map();
/** Cursor of the next older page, by filter; null when there is none. */
const cursors = new Map();
let filter = 'all';
/** The order on the screen; null before the first. */
let shown = null;
let pointing = false;
let frame = 0;

export function startJobs() {
  byId('more').addEventListener('click', loadMore);
  byId('jobs').addEventListener('pointerenter', ({ pointerType }) => {
    pointing = pointerType === 'mouse';
  });
  byId('jobs').addEventListener('pointerleave', () => {
    pointing = false;
    draw();
  });
  byId('filters').append(
    ...Object.entries(FILTERS).map(([key, [title]]) =>
      h(
        'button',
        {
          type: 'button',
          'data-filter': key,
          'aria-pressed': String(key === filter),
          onclick: () => select(key),
        },
        h('span', {}, title),
        h('span', { class: 'count' }),
      ),
    ),
  );
  setInterval(() => {
    for (const row of rows.values()) row.tick();
  }, 10_000);
}

/** Answers whether its status is new. @param {any} job */
export function update(job) {
  const before = jobs.get(job.id);
  jobs.set(job.id, job);
  rows.get(job.id)?.update(job);
  if (before && before.status !== job.status && ['finished', 'failed'].includes(job.status)) {
    say(`${nameOf(job.id) ?? fileName(job.input_path ?? job.output_path)} ${job.status}.`);
  }
  later();
  return before?.status !== job.status;
}

export function progress({ id, progress: report }) {
  const job = jobs.get(id);
  if (!job) return;
  job.progress = report;
  rows.get(id)?.update(job);
}

/** @param {string} id */
export function forget(id) {
  jobs.delete(id);
  rows.get(id)?.element.remove();
  rows.delete(id);
  later();
}

/** @param {Record<string, number>} counts */
export function showCounts(counts) {
  for (const button of byId('filters').children) {
    const [, statuses] = FILTERS[button.dataset.filter];
    const total = statuses.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
    button.querySelector('.count').textContent = total.toLocaleString();
  }
}

/** After a lost connection: what the server no longer has goes, too. */
export async function reload() {
  const asked = new Date().toISOString();
  const page = await load(null);
  const oldest = page.next_cursor === null ? '' : (page.jobs.at(-1)?.created_at ?? '');
  const there = new Set(page.jobs.map(({ id }) => id));
  for (const job of jobs.values()) {
    const covered =
      FILTERS[filter][1].includes(job.status) && job.created_at > oldest && job.created_at < asked;
    if (covered && !there.has(job.id)) forget(job.id);
  }
  cursors.set(filter, page.next_cursor);
  draw(true);
}

async function load(cursor) {
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (filter !== 'all') query.set('status', FILTERS[filter][1].join(','));
  if (cursor) query.set('cursor', cursor);
  const page = await call(`/api/jobs?${query}`);
  for (const job of page.jobs) {
    // What an event has told meanwhile is newer.
    if (!jobs.has(job.id) || jobs.get(job.id).timeline.length <= job.timeline.length) update(job);
  }
  showCounts(page.counts);
  return page;
}

async function loadMore() {
  const page = await load(cursors.get(filter));
  cursors.set(filter, page.next_cursor);
  draw(true);
}

async function select(key) {
  filter = key;
  for (const button of byId('filters').children)
    button.setAttribute('aria-pressed', String(button.dataset.filter === key));
  draw(true);
  if (!cursors.has(key)) cursors.set(key, (await load(null)).next_cursor);
  draw(true);
}

function later() {
  if (!frame) frame = requestAnimationFrame(() => draw());
}

/** Puts the rows in order. Held back while somebody points at them, unless `now`. */
function draw(now = false) {
  cancelAnimationFrame(frame);
  frame = 0;
  const groups = grouped();
  const order = groups.flatMap(({ title, list }) => [title, ...list.map(({ id }) => id)]).join(' ');
  const list = byId('jobs');
  const held = order !== shown && !now && Boolean(shown) && pointing;
  const hidden = held
    ? groups.flatMap((group) => group.list).filter(({ id }) => !rows.get(id)?.element.isConnected).length
    : 0;
  byId('fresh').hidden = hidden === 0;
  byId('fresh').textContent = `${hidden} new`;
  byId('fresh').title = 'Shown when the pointer leaves the list';
  byId('more').hidden = !cursors.get(filter);
  if (held || order === shown) return;
  shown = order;
  const focused = document.activeElement;
  list.replaceChildren(...(order === '' ? [empty()] : groups.map(section)));
  if (focused instanceof HTMLElement && list.contains(focused)) focused.focus();
}

function grouped() {
  const all = [...jobs.values()].filter(({ status }) => FILTERS[filter][1].includes(status));
  const newest = (a, b) => (a.created_at < b.created_at ? 1 : -1);
  const isNext = ({ status }) => NEXT.includes(status);
  const isStarted = ({ status }) => status === 'started';
  const ended = all.filter((job) => !isNext(job) && !isStarted(job)).sort(newest);
  const groups = [
    { title: 'Started', list: all.filter(isStarted).sort(newest) },
    {
      title: 'Next',
      list: all
        .filter(isNext)
        .sort(
          (a, b) =>
            NEXT.indexOf(a.status) - NEXT.indexOf(b.status) || b.priority - a.priority || -newest(a, b),
        ),
    },
  ];
  for (const job of ended) {
    const title = dayOf(job.created_at);
    if (groups.at(-1).title !== title) groups.push({ title, list: [] });
    groups.at(-1).list.push(job);
  }
  return groups.filter((group) => group.list.length > 0);
}

function dayOf(time) {
  const day = new Date(time).toDateString();
  if (day === new Date().toDateString()) return 'Today';
  if (day === new Date(Date.now() - 86_400_000).toDateString()) return 'Yesterday';
  return new Date(time).toLocaleDateString(undefined, { dateStyle: 'long' });
}

function section({ title, list }) {
  const id = `group-${title.replace(/\W/g, '-')}`;
  return h(
    'section',
    { 'aria-labelledby': id },
    h('h3', { id, class: 'group-head' }, title, h('span', {}, String(list.length))),
    h('ul', { class: 'rows' }, ...list.map((job) => rowOf(job).element)),
  );
}

function rowOf(job) {
  let row = rows.get(job.id);
  if (!row) {
    row = makeRow(job);
    rows.set(job.id, row);
  }
  return row;
}

function empty() {
  const text = filter === 'all' ? 'No jobs yet.' : `No ${FILTERS[filter][0].toLowerCase()} jobs.`;
  const next = filter === 'all' ? ' Drop a file anywhere on this page, or choose one on the left.' : '';
  return h('p', { class: 'empty' }, h('strong', {}, text), next);
}
