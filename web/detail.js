/** What a row opens to: the way out of a failure, the outputs, the result, the log. */
import { call } from './api.js';
import { h } from './dom.js';
import { clock, exact, size, span } from './format.js';

const FINAL = ['finished', 'failed', 'canceled'];
/** Pictures of an output folder that are shown. */
const MOST_PICTURES = 24;
/** Lines of the log that are shown. */
const MOST_LINES = 100;
/** Characters of a result that are shown; the whole is in the API. */
const MOST_JSON = 20_000;

/** @param {any} first @param {(method: string, path: string) => void} act */
export function makeDetail(first, act) {
  const url = `/api/jobs/${encodeURIComponent(first.id)}`;
  const element = h('div', { class: 'detail' });
  let drawn = '';

  function update(job) {
    // Progress alone changes nothing here.
    const state = `${job.status} ${job.timeline.length}`;
    if (state === drawn) return;
    drawn = state;
    element.replaceChildren(
      ...[
        job.error && failure(job.error),
        job.result && outputs(job, url),
        job.result && result(job.result),
        facts(job, url, act),
      ].filter(Boolean),
    );
    void showLog(element, url, () => drawn === state);
  }
  return { element, update };
}

function failure({ detail, next, code }) {
  return h(
    'div',
    { class: 'failure' },
    h('p', {}, h('strong', {}, detail)),
    h('p', {}, next),
    h('code', {}, code),
  );
}

function outputs({ result: { outputs: files, output_path } }, url) {
  if (!output_path || files.length === 0) return null;
  const single = files.length === 1 && output_path.endsWith(`/${files[0].name}`);
  const address = ({ name }) =>
    single ? `${url}/output` : `${url}/output/${name.split('/').map(encodeURIComponent).join('/')}`;
  const pictures = files.filter(
    ({ media_type }) => media_type.startsWith('image/') && media_type !== 'image/svg+xml',
  );
  const players = files.filter(({ media_type }) => /^(video|audio)\//.test(media_type)).slice(0, 1);
  return h(
    'div',
    { class: 'outputs' },
    (pictures.length > 0 || players.length > 0) &&
      h(
        'div',
        { class: 'stage' },
        ...players.map((file) => player(file, address(file))),
        ...pictures
          .slice(0, MOST_PICTURES)
          .map((file) => h('img', { src: address(file), alt: file.name, loading: 'lazy' })),
      ),
    h(
      'ul',
      { class: 'files' },
      ...files
        .slice(0, 200)
        .map((file) =>
          h(
            'li',
            {},
            h('a', { href: `${address(file)}?download=1`, download: true, dir: 'auto' }, file.name),
            h('span', { class: 'meta' }, size(file.size_bytes)),
          ),
        ),
    ),
  );
}

function player({ media_type, name }, src) {
  return h(media_type.startsWith('video/') ? 'video' : 'audio', {
    src,
    controls: true,
    preload: 'metadata',
    'aria-label': name,
  });
}

function result({ data, warnings }) {
  const text = JSON.stringify(data, null, 2);
  return h(
    'div',
    {},
    ...warnings.map((warning) => h('p', { class: 'warning' }, warning)),
    Object.keys(data).length > 0 &&
      h(
        'details',
        { class: 'fold' },
        h('summary', {}, 'Result'),
        h('pre', { tabIndex: 0 }, text.length > MOST_JSON ? `${text.slice(0, MOST_JSON)}\n…` : text),
      ),
  );
}

function facts(job, url, act) {
  const entries = [
    ['Id', h('code', {}, job.id)],
    ['Input', job.input_path && h('code', { dir: 'auto' }, job.input_path)],
    ['Output', job.output_path && h('code', { dir: 'auto' }, job.output_path)],
    ['Params', Object.keys(job.params).length > 0 && h('code', {}, JSON.stringify(job.params))],
    ['Created', exact(job.created_at)],
    [
      'Took',
      job.started_at && job.ended_at && span((Date.parse(job.ended_at) - Date.parse(job.started_at)) / 1000),
    ],
    ['Attempts', job.attempts > 0 && `${job.attempts} of ${job.max_attempts}`],
    ['Worker', job.worker],
  ];
  return h(
    'div',
    {},
    h(
      'dl',
      { class: 'facts-list' },
      ...entries
        .filter(([, value]) => value)
        .flatMap(([term, value]) => [h('dt', {}, term), h('dd', {}, value)]),
    ),
    h('div', { class: 'log', hidden: true }),
    h(
      'div',
      { class: 'detail-actions' },
      FINAL.includes(job.status) &&
        job.status === 'finished' &&
        h(
          'button',
          { type: 'button', class: 'button small', onclick: () => act('POST', `${url}/retry`) },
          'Run again',
        ),
      job.status !== 'started' &&
        h(
          'button',
          { type: 'button', class: 'button small', onclick: () => act('DELETE', url) },
          'Remove from the list',
        ),
    ),
  );
}

async function showLog(element, url, isCurrent) {
  const { lines } = await call(`${url}/logs`).catch(() => ({ lines: [] }));
  const log = element.querySelector('.log');
  if (lines.length === 0 || !log || !isCurrent()) return;
  log.hidden = false;
  log.replaceChildren(
    h('h4', { class: 'group-head' }, 'Log', h('span', {}, String(lines.length))),
    h(
      'ol',
      { class: 'lines', tabIndex: 0, 'aria-label': 'Log' },
      ...lines
        .slice(-MOST_LINES)
        .map(({ at, level, text }) =>
          h(
            'li',
            { class: `line ${level}` },
            h('time', {}, clock(Date.parse(at))),
            h('span', {}, level),
            h('span', {}, text),
          ),
        ),
    ),
  );
}
