/** Fields of a job beside its task, as flags of the commands that hand something to a queue. */
import { type Command, Option } from 'commander';

export interface JobField {
  flag: string;
  /** Commander's name of the flag. */
  option: string;
  /** Name in a request to the server. */
  field: string;
  about: string;
}

/** Those of `POST /api/enqueue`. */
export const JOB_FIELDS: readonly JobField[] = [
  {
    flag: '--priority <0-100>',
    option: 'priority',
    field: 'priority',
    about: 'higher starts first; default 50',
  },
  { flag: '--delay-ms <ms>', option: 'delayMs', field: 'delay_ms', about: 'wait before it may start' },
  { flag: '--attempts <n>', option: 'attempts', field: 'attempts', about: 'most attempts' },
  {
    flag: '--job-timeout <seconds>',
    option: 'jobTimeout',
    field: 'timeout_seconds',
    about: 'wall-clock limit of one attempt',
  },
  {
    flag: '--after <id,…>',
    option: 'after',
    field: 'depends_on',
    about: 'jobs that must finish first',
  },
  {
    flag: '--on-parent-failure <wait|fail>',
    option: 'onParentFailure',
    field: 'on_parent_failure',
    about: 'when one of those fails or is canceled: wait (default), or fail as well',
  },
  {
    flag: '--idempotency-key <key>',
    option: 'idempotencyKey',
    field: 'idempotency_key',
    about: 'a second call with the same key answers with what the first handed in',
  },
];

export function addJobFields(command: Command, fields: readonly JobField[], heading: string): void {
  for (const { flag, about } of fields) command.addOption(new Option(flag, about).helpGroup(heading));
}

/** Those that were given, by their names in a request. */
export function givenFields(
  options: Record<string, unknown>,
  fields: readonly JobField[],
): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const { option, field } of fields) {
    const text = options[option];
    if (typeof text === 'string') given[field] = fieldValue(field, text);
  }
  return given;
}

/** Text that is no number stays, and the server says what is wrong with it. */
function fieldValue(field: string, text: string): unknown {
  if (field === 'depends_on') return text.split(',').map((id) => id.trim());
  return field === 'idempotency_key' || Number.isNaN(Number(text)) ? text : Number(text);
}
