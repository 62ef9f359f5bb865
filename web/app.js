/** Starts the page and keeps it connected. */
import { call } from './api.js';
import { byId } from './dom.js';
import { startForm } from './form.js';
import { clock, size } from './format.js';
import { forget, progress, reload, showCounts, startJobs, update } from './jobs.js';

const STATS_EVERY_MS = 5000;
const SOON_MS = 200;
/** A browser gives up on a connection that was refused; this tries again. */
const RETRY_MS = 3000;

/** @type {EventSource | null} */
let source = null;
let lastUpdate = 0;
let retry = 0;
let soon = 0;

function connect() {
  clearTimeout(retry);
  source?.close();
  source = new EventSource('/api/events');
  const on = (type, handle) =>
    source.addEventListener(type, (event) => {
      lastUpdate = Date.now();
      handle(JSON.parse(event.data));
    });
  on('job', (job) => {
    if (update(job)) soonStats();
  });
  on('progress', progress);
  on('removed', ({ id }) => {
    forget(id);
    soonStats();
  });
  source.addEventListener('open', () => {
    connected(true);
    void reload().catch(() => {});
    void stats();
  });
  source.addEventListener('error', () => {
    connected(false);
    if (source.readyState === EventSource.CLOSED) retry = setTimeout(connect, RETRY_MS);
  });
}

function connected(yes) {
  if (yes) lastUpdate = Date.now();
  byId('connection').className = `connection ${yes ? 'live' : 'lost'}`;
  const since = lastUpdate ? ` Last update ${clock(lastUpdate)}.` : '';
  byId('connection').textContent = yes ? 'Live' : `No connection.${since}`;
  byId('reconnect').hidden = yes;
}

async function stats() {
  if (document.hidden || source?.readyState !== EventSource.OPEN) return;
  try {
    const { jobs, workers, machine, storage } = await call('/api/stats');
    lastUpdate = Date.now();
    showCounts(jobs);
    const waiting = jobs.queued + jobs.scheduled + jobs.deferred;
    const used = machine.memory_total_bytes - machine.memory_free_bytes;
    const figures = {
      workers: ['Workers', workers.count === 0 ? 'none' : `${workers.busy} of ${workers.concurrency} busy`],
      waiting: ['Waiting', waiting.toLocaleString()],
      cpu: ['CPU', machine.cpu_percent === null ? null : `${Math.round(machine.cpu_percent)} %`],
      memory: ['Memory', `${size(used)} of ${size(machine.memory_total_bytes)}`],
      disk: ['Disk free', storage.free_bytes === null ? null : size(storage.free_bytes)],
    };
    for (const [name, [label, value]] of Object.entries(figures)) figure(byId(`stat-${name}`), label, value);
    byId('stat-workers').classList.toggle('wrong', workers.count === 0);
  } catch {
    // The connection says so itself.
  }
}

/** Counts follow the jobs, but not one by one. */
function soonStats() {
  if (soon) return;
  soon = setTimeout(() => {
    soon = 0;
    void stats();
  }, SOON_MS);
}

function figure(element, label, value) {
  const strong = document.createElement('strong');
  strong.textContent = value ?? '';
  element.replaceChildren(...(value === null ? [] : [`${label} `, strong]));
}

byId('reconnect').addEventListener('click', connect);
document.addEventListener('visibilitychange', () => void stats());
setInterval(stats, STATS_EVERY_MS);
startJobs();
// Titles of tasks first: rows show them.
await startForm().catch(() => {
  byId('run-note').textContent = 'The list of tasks cannot be loaded. Load the page again.';
});
connect();
