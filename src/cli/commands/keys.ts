import { type Command, Option } from 'commander';
import type { KeyRing } from '../../compose.ts';
import { MillError } from '../../core/errors.ts';
import { parseBytes } from '../../core/fields.ts';
import { note, paint, print, printJson, printTable } from '../output.ts';
import { addConfigFlags, loadSettings } from '../settings.ts';
import { age, size } from '../wording.ts';

const FLAGS = ['queue.database'] as const;

export function addKeys(program: Command): void {
  const keys = program
    .command('keys')
    .description(
      'API keys. As soon as there is one, every request needs one; running servers notice at once.',
    );
  addCreate(keys);
  addList(keys);
  addRevoke(keys);
}

/** On the store itself, not through a server: the first key has to come from somewhere. */
async function withKeys<T>(command: Command, work: (ring: KeyRing) => Promise<T>): Promise<T> {
  const { config } = loadSettings(command);
  const { openKeys } = await import('../../compose.ts');
  await using ring = await openKeys(config);
  return await work(ring);
}

interface CreateOptions {
  name: string;
  scope?: string[];
  webhookUrl?: string;
  quota?: string;
  json?: boolean;
}

function addCreate(keys: Command): void {
  const create = keys
    .command('create')
    .description('Make a key and print it. It is shown this once.')
    .requiredOption('--name <text>', 'what the key is for; shown in lists and in the audit log')
    .addOption(
      new Option(
        '--scope <word...>',
        'read: look at its own jobs; submit: hand in and change them; admin: everything (default read submit)',
      ),
    )
    .option('--webhook-url <url>', 'told, signed, of each job of this key that names no other')
    .option('--quota <size>', 'most bytes of uploads it may keep, such as 10GiB (default no limit)')
    .option('--json', 'print the key as JSON')
    .action(async (options: CreateOptions) => {
      await withKeys(create, async ({ keys: ring, scopes, checkWebhookUrl }) => {
        const wanted = (options.scope ?? ['read', 'submit']).flatMap((word) => word.split(','));
        const unknown = wanted.find((word) => !scopes.some((scope) => scope === word));
        if (unknown !== undefined) throw invalid(`"${unknown}" is no scope; there are ${scopes.join(', ')}.`);
        if (options.webhookUrl !== undefined) checkWebhookUrl(options.webhookUrl);
        const created = await ring.create({
          name: nameOf(options.name),
          scopes: scopes.filter((scope) => wanted.includes(scope)),
          webhook_url: options.webhookUrl ?? null,
          quota_bytes: options.quota === undefined ? null : bytesOf(options.quota),
        });
        if (options.json) return printJson(created);
        print(created.token);
        note(`Key ${created.key.id} "${created.key.name}" may ${created.key.scopes.join(', ')}.`);
        note(
          'Keep it: it is not shown again. Send it as `Authorization: Bearer …`, or set MEDIAMILL_API_KEY.',
        );
        note(paint('dim', `Webhooks of its jobs are signed with ${created.webhook_secret}`, process.stderr));
      });
    });
  addConfigFlags(create, FLAGS);
}

function addList(keys: Command): void {
  const list = keys
    .command('list', { isDefault: true })
    .description('List the keys, revoked ones too. The keys themselves are not stored.')
    .option('--json', 'print the keys as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const all = await withKeys(list, ({ keys: ring }) => ring.list());
      if (json) return printJson({ keys: all });
      if (all.length === 0) return note('No keys: whoever reaches the server may do everything.');
      const now = Date.now();
      printTable(
        ['ID', 'NAME', 'SCOPES', 'STATE', 'LAST USED', 'QUOTA'],
        all.map((key) => [
          key.id,
          key.name,
          key.scopes.join(' '),
          key.revoked_at === null ? paint('green', 'valid') : 'revoked',
          key.last_used_at === null ? 'never' : `${age(key.last_used_at, now)} ago`,
          key.quota_bytes === null ? '' : size(key.quota_bytes),
        ]),
      );
    });
  addConfigFlags(list, FLAGS);
}

function addRevoke(keys: Command): void {
  const revoke = keys
    .command('revoke')
    .description('Refuse a key from now on, with all of its sessions. Its jobs and files stay.')
    .argument('<id>', 'id of the key, or its name when only one has it')
    .option('--json', 'print the key as JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const key = await withKeys(revoke, ({ keys: ring }) => ring.revoke(id));
      if (json) printJson(key);
      else print(`${key.id}  "${key.name}" revoked`);
    });
  addConfigFlags(revoke, FLAGS);
}

function nameOf(text: string): string {
  const name = text.trim();
  if (name !== '' && name.length <= 100) return name;
  throw invalid('--name needs 1 to 100 characters.');
}

function bytesOf(text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== null && bytes > 0) return bytes;
  throw invalid(`"${text}" is no size, such as 10GiB.`);
}

function invalid(detail: string): MillError {
  return new MillError('invalid_request', detail);
}
