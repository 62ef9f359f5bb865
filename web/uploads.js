/** Files on their way, each with a bar and a way to stop it. */
import { Failed, send } from './api.js';
import { byId, h, middleCut, say } from './dom.js';
import { size, span } from './format.js';
import { remember } from './names.js';

/**
 * Uploads the file, if any, and enqueues the job; resolves when the server has taken it.
 * @param {File | null} file @param {{task: string, params: object, output_path?: string}} request
 */
export async function startUpload(file, request) {
  const form = new FormData();
  // The fields first: a mistake in them is found before the file is sent.
  form.append('task', request.task);
  form.append('params', JSON.stringify(request.params));
  if (request.output_path) form.append('output_path', request.output_path);
  if (file) form.append('file', file);

  const abort = new AbortController();
  const row = uploadRow(file?.name ?? request.task, () => abort.abort());
  byId('uploads').append(row.element);
  try {
    const { job_id } = await send('/api/process', form, { progress: row.progress, signal: abort.signal });
    if (file) remember(job_id, file.name);
    say(file ? `${file.name} is uploaded.` : 'The job is enqueued.');
  } catch (error) {
    throw error instanceof Failed ? error : new Failed({ detail: String(error) });
  } finally {
    row.element.remove();
  }
}

function uploadRow(name, cancel) {
  const begun = performance.now();
  const fill = h('span', { class: 'bar-fill' });
  const text = h('span', { class: 'meta' }, 'Uploading');
  const element = h(
    'li',
    { class: 'upload panel' },
    h(
      'div',
      { class: 'upload-head' },
      middleCut(name),
      h('button', { type: 'button', class: 'link', onclick: cancel }, 'Stop upload'),
    ),
    h('span', { class: 'bar-track' }, fill),
    text,
  );
  const progress = (sent, total) => {
    const share = total > 0 ? sent / total : 0;
    const rate = sent / ((performance.now() - begun) / 1000);
    fill.style.transform = `scaleX(${share})`;
    text.textContent =
      share < 1
        ? `${Math.floor(100 * share)} % · ${size(rate)}/s · ${span((total - sent) / rate)} left`
        : 'Storing the file';
  };
  return { element, progress };
}
