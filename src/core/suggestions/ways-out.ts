/**
 * Ways out of a failure, the best first. Pure: from the failure and the job. Nothing is offered that is known to fail
 * again: params are checked against the task before they are proposed.
 */
import type { ErrorCode, Failure } from '../errors.ts';
import { extensionOf, type Params, type Registry } from '../registry.ts';
import { clock } from './summary.ts';

export interface WayOut {
  title: string;
  reason: string;
  /**
   * `retry`: the same again. `retry_with`: again with what is named here. `run_task`: another task on the same source.
   * `open`: something that only a person can do.
   */
  kind: 'retry' | 'retry_with' | 'run_task' | 'open';
  /** What `open` opens: the place to upload, to choose a task, to correct params, the settings, or another job. */
  target?: 'upload' | 'task' | 'params' | 'system' | 'job';
  task?: string;
  /** All params of the new run. */
  params?: Params;
  output_path?: string;
  timeout_seconds?: number;
  /** The one to press; at most one is. */
  primary: boolean;
}

/** What is told of the job that failed. */
export interface FailedJob {
  task: string;
  input_path: string | null;
  output_path: string | null;
  params: Params;
  timeout_seconds: number | null;
  depends_on: readonly string[];
}

type Way = Omit<WayOut, 'primary'>;

/** So many attempts that broke at the same place will not be the last. */
const SAME_PLACE = 2;
const WEEK_S = 7 * 24 * 3600;

export function waysOut(registry: Registry, failure: Failure, job: FailedJob): WayOut[] {
  const facts = failure.facts ?? {};
  const known = new Set(registry.jobs.map(({ name }) => name));
  const same = Number(facts.attempts_same_place ?? 1) >= SAME_PLACE;
  const retry = retryWay(failure, same);
  const own = (WAYS[failure.code] ?? (() => []))(facts, job, registry, failure).filter(
    ({ task }) => task === undefined || known.has(task),
  );
  const ways = failure.retryable && !same ? mixed(own, retry) : [...own, retry];
  const first = ways.findIndex((way) => way.kind !== 'retry' || worthRetrying(failure, same));
  return ways.map((way, index) => ({ ...way, primary: index === first }));
}

/** What repairs the cause comes before another try, what only tells more after it. */
function mixed(own: Way[], retry: Way): Way[] {
  const repairs = own.filter(({ kind }) => kind === 'retry_with');
  return [...repairs, retry, ...own.filter(({ kind }) => kind !== 'retry_with')];
}

function worthRetrying({ retryable, code }: Failure, same: boolean): boolean {
  return (retryable || RETRIED.includes(code)) && !same;
}

/** Not tried again by itself, but worth a try by a person. */
const RETRIED: ErrorCode[] = ['canceled', 'parent_failed', 'in_use', 'output_not_writable'];

function retryWay({ code, retryable }: Failure, same: boolean): Way {
  const reason = same
    ? 'Every attempt ended in the same way; another will most likely, too.'
    : code === 'canceled'
      ? 'It was stopped by somebody, not by a fault.'
      : code === 'disk_full'
        ? 'Once there is room.'
        : code === 'parent_failed'
          ? 'It waits again for the job it depends on.'
          : retryable
            ? 'The cause may be gone.'
            : 'Nothing about it has changed, so it will most likely end in the same way.';
  return { kind: 'retry', title: 'Retry as is', reason };
}

type Facts = Record<string, unknown>;
type WaysOf = (facts: Facts, job: FailedJob, registry: Registry, failure: Failure) => Way[];

const uploadAgain = (reason: string): Way => ({
  kind: 'open',
  target: 'upload',
  title: 'Upload the file again',
  reason,
});

const WAYS: Partial<Record<ErrorCode, WaysOf>> = {
  output_verification_failed(facts) {
    if (!breaksOff(facts)) return [verify()];
    return [uploadAgain(missingWords(facts)), verify()];
  },
  unsupported_media: (_facts, job) => [
    uploadAgain('It is no media that can be read, or its beginning is missing.'),
    ...(job.input_path === null
      ? []
      : [
          {
            kind: 'run_task' as const,
            title: 'See what the file is',
            reason: 'Tells size and hash, to compare with where it came from.',
            task: 'calculate_sha256',
            params: {},
          },
        ]),
  ],
  corrupt_media: () => [uploadAgain('Nothing usable could be decoded; a new copy may be whole.'), verify()],
  no_video_stream: (facts) =>
    facts.still_image === true
      ? [
          {
            kind: 'run_task',
            title: 'Read its metadata',
            reason: 'The file is a still picture.',
            task: 'extract_exif_metadata',
            params: {},
          },
          chooseTask('The file is a still picture; this task needs a video.'),
        ]
      : facts.has_audio === false
        ? [chooseTask('The file has neither video nor sound.')]
        : [
            chooseTask('The file has only sound.'),
            {
              kind: 'run_task',
              title: 'Draw a waveform',
              reason: 'Works on sound.',
              task: 'generate_waveform_json',
              params: {},
            },
            {
              kind: 'run_task',
              title: 'Look at the sound',
              reason: 'Codec, tags, loudness and length.',
              task: 'get_audio_info',
              params: {},
            },
          ],
  no_audio_stream: (facts) =>
    facts.still_image === true
      ? [chooseTask('The file is a still picture; this task needs sound.')]
      : [
          chooseTask('The file has no sound.'),
          {
            kind: 'run_task',
            title: 'Look at the video',
            reason: 'Codec, size and frame rate.',
            task: 'get_video_info',
            params: {},
          },
        ],
  unsupported_output: otherExtension,
  invalid_params: withoutWrong,
  forbidden_option: withoutWrong,
  encoder_unavailable: softwareEncoder,
  timed_out(facts, job) {
    const before = Number(facts.timeout_seconds ?? job.timeout_seconds ?? 0);
    if (before <= 0 || before >= WEEK_S) return [];
    const timeout_seconds = Math.min(WEEK_S, Math.ceil(before * 4));
    const title = `Retry with ${clock(timeout_seconds)}`;
    return [
      {
        kind: 'retry_with',
        title,
        reason: `It had ${clock(before)}, and needs more.`,
        params: job.params,
        timeout_seconds,
      },
    ];
  },
  out_of_memory(facts) {
    const limit = Number(facts.limit_bytes ?? 0);
    const words = limit > 0 ? `It may use ${Math.round(limit / 1024 ** 2)} MiB. ` : '';
    return [
      {
        kind: 'open',
        target: 'system',
        title: 'Raise the memory limit',
        reason: `${words}[processing] memory_limit_bytes sets it.`,
      },
    ];
  },
  crashed: () => [verify()],
  disk_full(facts) {
    const free = Number(facts.free_bytes ?? Number.NaN);
    const needed = Number(facts.needed_bytes ?? Number.NaN);
    const words = Number.isFinite(free + needed)
      ? `It needs ${mebibytes(needed)}, and ${mebibytes(free)} are free.`
      : 'The disk is full.';
    return [{ kind: 'open', target: 'system', title: 'Free some space', reason: words }];
  },
  parent_failed: () => [
    {
      kind: 'open',
      target: 'job',
      title: 'Look at the job it depends on',
      reason: 'Retry that one first; this one then starts by itself.',
    },
  ],
  input_not_found: () => [uploadAgain('The file is not there any more.')],
  output_exists: (_facts, job) => [
    {
      kind: 'retry_with',
      title: 'Retry under another name',
      reason: 'The program then names the output.',
      params: job.params,
      output_path: '',
    },
  ],
  integrity_failed: () => [uploadAgain('The file is damaged; the result lists where.')],
  checksum_mismatch: () => [
    uploadAgain('The file is not the one that was meant, or was damaged on its way.'),
  ],
  download_too_large(_facts, job, registry) {
    const limit = Number(job.params.max_bytes ?? 0);
    if (limit <= 0) return [];
    const params = { ...job.params, max_bytes: limit * 4 };
    return isValid(registry, job.task, params)
      ? [
          {
            kind: 'retry_with',
            title: `Allow ${mebibytes(limit * 4)}`,
            reason: `It may have ${mebibytes(limit)}.`,
            params,
          },
        ]
      : [];
  },
};

function breaksOff(facts: Facts): boolean {
  return typeof facts.announced_s === 'number' || typeof facts.announced_bytes === 'number';
}

function missingWords({ announced_s, found_s, announced_bytes, found_bytes }: Facts): string {
  if (typeof announced_s === 'number' && typeof found_s === 'number') {
    return `Of ${clock(announced_s)} only ${clock(found_s)} are there; the rest never arrived.`;
  }
  return `Of ${announced_bytes} bytes only ${found_bytes} are there; the rest never arrived.`;
}

function verify(): Way {
  return {
    kind: 'run_task',
    title: 'Find every damaged part',
    reason: 'Decodes all streams and lists what is wrong, with times.',
    task: 'verify_file_integrity',
    params: {},
  };
}

function chooseTask(reason: string): Way {
  return { kind: 'open', target: 'task', title: 'Choose another task', reason };
}

/** Another container: one the message names, else one that holds nearly everything. */
function otherExtension(facts: Facts, job: FailedJob, registry: Registry): Way[] {
  const path = job.output_path;
  const extensions = registry.jobs.find(({ name }) => name === job.task)?.output.extensions ?? [];
  if (path === null) return [];
  const now = extensionOf(path);
  const allowed = Array.isArray(facts.allowed) ? facts.allowed.map(String) : [];
  const usual = ['.mkv', '.mka', '.mp4'].filter((extension) => extensions.includes(extension));
  const next = [...allowed, ...usual].find((extension) => extension !== now);
  if (!next) return [];
  const output_path = (now === '' ? path : path.slice(0, -now.length)) + next;
  const reason = `A ${now || 'nameless'} file cannot hold this; ${next} can hold more.`;
  return [{ kind: 'retry_with', title: `Write ${next} instead`, reason, params: job.params, output_path }];
}

/** Without the params that were complained of, as far as the task can do without them. */
function withoutWrong(facts: Facts, job: FailedJob, registry: Registry, { detail }: Failure): Way[] {
  const problems = Array.isArray(facts.problems)
    ? (facts.problems as { field?: unknown; nearest?: unknown }[])
    : [];
  const quoted = /^"([\w.]+)":/.exec(detail)?.[1];
  const fields = problems.length > 0 ? problems.map(({ field }) => String(field)) : quoted ? [quoted] : [];
  const option = typeof facts.option === 'string' ? facts.option : null;
  const params = structuredClone(job.params);
  for (const field of fields) removeAt(params, field.split('.'));
  if (option !== null) removeAt(params, ['options', option]);
  const named = option ?? fields.join(', ');
  if (JSON.stringify(params) === JSON.stringify(job.params) || !isValid(registry, job.task, params))
    return [];
  return [
    { kind: 'retry_with', title: `Leave out ${named}`, reason: 'The task then takes its default.', params },
    { kind: 'open', target: 'params', title: `Correct ${named}`, reason: detail },
  ];
}

function softwareEncoder(_facts: Facts, job: FailedJob, registry: Registry): Way[] {
  const { hardware: _hardware, codec: _codec, ...rest } = job.params;
  const ways = [
    {
      title: 'Use the software encoder',
      reason: 'Slower, and always there.',
      params: { ...job.params, hardware: 'off' },
    },
    { title: "Use the task's usual encoder", reason: 'Slower, and always there.', params: rest },
  ];
  const changed = ways.filter(({ params }) => JSON.stringify(params) !== JSON.stringify(job.params));
  return changed
    .filter(({ params }) => isValid(registry, job.task, params))
    .slice(job.params.hardware !== undefined && job.params.hardware !== 'off' ? 0 : -1)
    .map((way) => ({ kind: 'retry_with' as const, ...way }));
}

function removeAt(value: Record<string, unknown>, path: string[]): void {
  const [first, ...rest] = path;
  if (first === undefined) return;
  if (rest.length === 0) delete value[first];
  else if (typeof value[first] === 'object' && value[first] !== null) {
    removeAt(value[first] as Record<string, unknown>, rest);
  }
}

function isValid(registry: Registry, task: string, params: Params): boolean {
  try {
    registry.check(task, params);
    return true;
  } catch {
    return false;
  }
}

function mebibytes(bytes: number): string {
  return bytes >= 1024 ** 3 ? `${(bytes / 1024 ** 3).toFixed(1)} GiB` : `${Math.ceil(bytes / 1024 ** 2)} MiB`;
}
