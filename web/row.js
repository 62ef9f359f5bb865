/** One job: its state, what it does or has become, and what can be done with it. */
import { call } from './api.js';
import { makeDetail } from './detail.js';
import { h, middleCut } from './dom.js';
import { taskTitle } from './form.js';
import { age, exact, fileName, significant, sizeChange, span } from './format.js';
import { nameOf } from './names.js';
import { fillRing, shape } from './shapes.js';

const FINAL = ['finished', 'failed', 'canceled'];

/** @param {any} first */
export function makeRow(first) {
  let job = first;
  let status = '';
  let detail = null;
  let busy = false;

  const icon = h('span', { class: 'icon' });
  const word = h('span', { class: 'word' });
  const name = h('button', { type: 'button', class: 'name', 'aria-expanded': 'false', onclick: toggle });
  const middle = h('div', { class: 'middle' });
  const time = h('time', { class: 'age' });
  const actions = h('div', { class: 'actions' });
  const problem = h('p', { class: 'complaint', role: 'alert', hidden: true });
  const head = h(
    'div',
    { class: 'row-head' },
    icon,
    h(
      'div',
      { class: 'title' },
      name,
      h('span', { class: 'meta' }, h('span', { class: 'task-of' }, taskTitle(job.task)), ' · ', word),
    ),
    middle,
    time,
    actions,
  );
  const element = h('li', { class: 'job', 'data-job': job.id }, head, problem);
  const title = nameOf(job.id) ?? fileName(job.input_path ?? job.output_path) ?? job.id;
  name.append(middleCut(title || job.id));
  const bar = progressLine();

  function draw() {
    if (status !== job.status) {
      status = job.status;
      element.className = `job is-${status}`;
      icon.replaceChildren(shape(status));
      actions.replaceChildren(...actionsFor(job));
      middle.replaceChildren(...(status === 'started' ? [bar.element] : [outcome(job)]));
    }
    word.textContent = job.cancel_requested && status === 'started' ? 'stopping' : job.status;
    if (status === 'started') {
      fillRing(icon.firstChild, job.progress?.percent ?? null);
      bar.update(job.progress);
    } else {
      middle.replaceChildren(outcome(job));
    }
    tick();
    detail?.update(job);
  }

  function tick() {
    const since = FINAL.includes(job.status) ? job.ended_at : job.created_at;
    time.textContent = age(since ?? job.created_at);
    time.dateTime = since ?? job.created_at;
    time.title = exact(since ?? job.created_at);
  }

  function toggle() {
    const open = name.getAttribute('aria-expanded') !== 'true';
    name.setAttribute('aria-expanded', String(open));
    if (open && !detail) {
      detail = makeDetail(job, act);
      element.append(detail.element);
    }
    if (detail) detail.element.hidden = !open;
    detail?.update(job);
  }

  /** Does something to the job; what goes wrong is said in the row. */
  async function act(method, path) {
    if (busy) return;
    busy = true;
    problem.hidden = true;
    try {
      await call(path, { method });
    } catch (error) {
      problem.hidden = false;
      problem.textContent = [error.message, error.next].filter(Boolean).join(' ');
    }
    busy = false;
  }

  function actionsFor({ id, status: now, result }) {
    const url = `/api/jobs/${encodeURIComponent(id)}`;
    const button = (text, method, path) =>
      h(
        'button',
        {
          type: 'button',
          class: 'button small',
          'aria-label': `${text} ${title}`,
          onclick: () => act(method, path),
        },
        text,
      );
    if (!FINAL.includes(now)) return [button('Cancel', 'POST', `${url}/cancel`)];
    if (now !== 'finished') return [button('Retry', 'POST', `${url}/retry`)];
    if (!result?.output_path || result.outputs.length !== 1) return [];
    return [
      h(
        'a',
        {
          class: 'button small',
          href: `${url}/output?download=1`,
          download: true,
          'aria-label': `Download ${title}`,
        },
        'Download',
      ),
    ];
  }

  draw();
  return {
    element,
    tick,
    update(next) {
      job = next;
      draw();
    },
  };
}

/** The value a row ends in. */
function outcome(job) {
  if (job.status === 'failed') {
    return h(
      'span',
      { class: 'outcome bad' },
      h('span', { class: 'what' }, job.error?.detail ?? 'It failed.'),
      h('code', {}, job.error?.code ?? ''),
    );
  }
  if (job.status === 'finished') {
    // A hash or a table is no smaller film: sizes are compared where the result replaces the source.
    const [made, ...others] = job.result?.outputs ?? [];
    const comparable = made && others.length === 0 && !/json|text|sha256|octet/.test(made.media_type);
    const change = comparable && sizeChange(job.result.metrics);
    return h(
      'span',
      { class: 'outcome' },
      h('span', { class: 'what' }, job.result?.message ?? ''),
      change &&
        h(
          'span',
          { class: 'meta sizes' },
          change.sizes,
          ' ',
          h('span', { class: change.smaller ? 'good' : '' }, change.change),
        ),
    );
  }
  return h('span', { class: 'outcome quiet' }, waitingFor(job));
}

function waitingFor(job) {
  if (job.status === 'canceled') {
    return job.progress?.percent
      ? `Canceled at ${Math.floor(job.progress.percent)} %`
      : 'Canceled before it started';
  }
  if (job.status === 'scheduled' && job.scheduled_at) {
    const seconds = (Date.parse(job.scheduled_at) - Date.now()) / 1000;
    const again = job.attempts > 0 ? `Attempt ${job.attempts + 1} of ${job.max_attempts}` : 'Starts';
    return seconds > 0 ? `${again} in ${span(seconds)}` : `${again} now`;
  }
  if (job.status === 'deferred')
    return job.depends_on.length === 1 ? 'Waits for another job' : `Waits for ${job.depends_on.length} jobs`;
  return 'Waits for a worker';
}

function progressLine() {
  const fill = h('span', { class: 'bar-fill' });
  const track = h(
    'span',
    { class: 'bar-track', role: 'progressbar', 'aria-valuemin': '0', 'aria-valuemax': '100' },
    fill,
  );
  const percent = h('span', { class: 'percent' });
  const facts = h('span', { class: 'meta facts' });
  return {
    element: h('div', { class: 'progress' }, track, percent, facts),
    update(report) {
      const known = typeof report?.percent === 'number';
      track.classList.toggle('unknown', !known);
      fill.style.transform = `scaleX(${known ? report.percent / 100 : 0})`;
      if (known) track.setAttribute('aria-valuenow', String(Math.floor(report.percent)));
      else track.removeAttribute('aria-valuenow');
      percent.textContent = known ? `${Math.floor(report.percent)} %` : '';
      facts.textContent = [
        report?.stage && report.stage[0].toUpperCase() + report.stage.slice(1),
        report?.fps && `${significant(report.fps)} fps`,
        report?.speed && `${significant(report.speed)}×`,
        report?.eta_seconds !== undefined && `${span(report.eta_seconds)} left`,
      ]
        .filter(Boolean)
        .join(' · ');
    },
  };
}
