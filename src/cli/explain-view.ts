/** How work would be done, for people. */
import type { ExplainedPass, ExplainedStep, Explanation } from '../core/explain/explain.ts';
import type { PlanStep } from '../core/job-plan.ts';
import { paint, print } from './output.ts';
import { duration, size } from './wording.ts';

const READS: Record<ExplainedPass['reads'], string> = {
  file: 'reads all bytes',
  header: 'reads the header',
  packets: 'reads the packets, decodes nothing',
  seek: 'seeks to single frames',
  decode: 'reads and decodes',
};

export function printExplanation({ source, passes, steps, warnings }: Explanation): void {
  if (source) {
    const bytes = source.size_bytes === null ? '' : size(source.size_bytes);
    print([paint('bold', source.name), source.summary, bytes].filter(Boolean).join('  '));
  }
  for (const warning of warnings) print(warningText(warning));
  for (const [index, pass] of passes.entries()) {
    print();
    print(`${paint('bold', `Pass ${index + 1}`)}  ${passText(pass)}`);
    for (const id of pass.steps) {
      const step = steps.find((one) => one.id === id);
      if (step) printStep(step);
    }
  }
}

function passText({ reads, from, decoded_share: share, decoded }: ExplainedPass): string {
  const what = from === 'source' ? READS[reads] : `${READS[reads]} what ${from} has made`;
  if (share === null) return what;
  const parts = decoded.filter((stream) => stream.share > 0);
  const shares = parts.map(
    ({ kind, stream, codec, share: part }) => `${percent(part)} of ${kind} ${stream} (${codec ?? 'unknown'})`,
  );
  return shares.length > 0 ? `${what}: ${shares.join(', ')}` : what;
}

function percent(share: number): string {
  return `${share === 0 || share >= 0.1 ? Math.round(100 * share) : (100 * share).toFixed(1)} %`;
}

function printStep({ id, task, output, plan, more, predicted, warnings, problem }: ExplainedStep): void {
  print(`  ${id === task ? id : `${id}  ${task}`}${output === null ? '' : ` → ${output}`}`);
  for (const made of plan?.steps ?? []) print(`    ${paint('dim', stepText(made))}`);
  if (!plan && !problem) print(`    ${paint('dim', 'planned when its input is there')}`);
  if (more) print(`    ${paint('dim', 'then more, by what this finds')}`);
  if (predicted) {
    const { size_bytes: bytes, duration_s: seconds, memory_bytes: memory, from_runs: runs } = predicted;
    const parts = [
      bytes === null ? '' : size(bytes),
      seconds === null ? '' : duration(seconds),
      memory === null ? '' : `${size(memory)} of memory`,
    ].filter(Boolean);
    print(`    about ${parts.join(', ')} (learned from ${runs} jobs)`);
  }
  for (const warning of warnings) print(`    ${warningText(warning)}`);
  if (problem) print(`    ${paint('red', 'fails:')} ${problem.detail} ${paint('dim', `(${problem.code})`)}`);
}

function stepText({ kind, stream, from, to, detail }: PlanStep): string {
  const what = stream === null ? kind : `${kind} ${stream}`;
  const change = kind === 'copy' ? (from ?? '') : [from, to].filter((part) => part !== null).join(' → ');
  return [what, change, detail].filter(Boolean).join('  ');
}

function warningText(warning: string): string {
  return `${paint('yellow', 'warning:')} ${warning}`;
}
