import type { Command } from 'commander';
import { addServerFlag, clientFor } from '../client.ts';
import { note, paint, print, printJson, printTable } from '../output.ts';
import { addConfigFlags, loadSettings } from '../settings.ts';
import { age } from '../wording.ts';

interface DeliveryView {
  id: string;
  job_id: string;
  event: string;
  url: string;
  status: 'pending' | 'delivered' | 'failed';
  created_at: string;
  next_attempt_at: string | null;
  attempts: { at: string; http_status: number | null; duration_ms: number; error: string | null }[];
}

interface DeliveryPage {
  deliveries: DeliveryView[];
  next_cursor: string | null;
}

const COLOURS = { pending: 'yellow', delivered: 'green', failed: 'red' } as const;

export function addWebhooks(program: Command): void {
  const webhooks = program
    .command('webhooks')
    .description('What was told of jobs that ended, and telling it again.');
  addList(webhooks);
  one(
    webhooks,
    'show',
    'Show one delivery, with its attempts and what is sent.',
    async (client, id, json) => {
      const delivery = await client.get<DeliveryView & { payload: unknown }>(pathOf(id));
      if (json) return printJson(delivery);
      print(`${delivery.id}  ${paint(COLOURS[delivery.status], delivery.status)}  ${delivery.url}`);
      for (const { at, http_status, duration_ms, error } of delivery.attempts) {
        print(`${paint('dim', at)}  ${http_status ?? '—'}  ${duration_ms} ms  ${error ?? 'told'}`);
      }
      printJson(delivery.payload);
    },
  );
  one(webhooks, 'replay', 'Tell it again, as soon as possible.', async (client, id, json) => {
    const delivery = await client.post<DeliveryView>(`${pathOf(id)}/replay`);
    if (json) printJson(delivery);
    else print(`${delivery.id}  ${delivery.status}`);
  });
  addSecret(webhooks);
}

function pathOf(id: string): string {
  return `/api/webhooks/deliveries/${encodeURIComponent(id)}`;
}

function addList(webhooks: Command): void {
  const list = webhooks
    .command('list', { isDefault: true })
    .description('List deliveries, newest first.')
    .option('--status <word>', 'only pending, delivered or failed ones')
    .option('--job <id>', 'only of this job')
    .option('--limit <n>', 'how many, 1 to 200', '20')
    .option('--cursor <text>', 'go on from the last line of the page before')
    .option('--json', 'print what the server answers as JSON')
    .action(async ({ json, ...query }: Record<string, string | undefined> & { json?: boolean }) => {
      const { status, job, limit, cursor } = query;
      const page = await clientFor(list).get<DeliveryPage>('/api/webhooks/deliveries', {
        status,
        job,
        limit,
        cursor,
      });
      if (json) return printJson(page);
      if (page.deliveries.length === 0) return note('No deliveries.');
      const now = Date.now();
      printTable(
        ['ID', 'STATUS', 'EVENT', 'AGE', 'TRIES', 'LAST WORD', 'URL'],
        page.deliveries.map((delivery) => [
          delivery.id,
          paint(COLOURS[delivery.status], delivery.status),
          delivery.event,
          age(delivery.created_at, now),
          String(delivery.attempts.length),
          lastWord(delivery),
          delivery.url,
        ]),
      );
      if (page.next_cursor) note(paint('dim', `More with --cursor ${page.next_cursor}`, process.stderr));
    });
  addConfigFlags(addServerFlag(list), []);
}

function lastWord({ attempts }: DeliveryView): string {
  const last = attempts.at(-1);
  if (!last) return '';
  return last.http_status === null ? (last.error ?? '') : String(last.http_status);
}

function one(
  parent: Command,
  name: string,
  about: string,
  action: (client: ReturnType<typeof clientFor>, id: string, json: boolean) => Promise<void>,
): void {
  const command = parent
    .command(name)
    .description(about)
    .argument('<id>', 'id of the delivery')
    .option('--json', 'print what the server answers as JSON');
  command.action((id: string, { json }: { json?: boolean }) => action(clientFor(command), id, json ?? false));
  addConfigFlags(addServerFlag(command), []);
}

function addSecret(webhooks: Command): void {
  const secret = webhooks
    .command('secret')
    .description('Print the secret that signs webhooks of jobs without a key, or of the jobs of one key.')
    .option('--key <id>', 'id of the key')
    .action(async ({ key }: { key?: string }) => {
      const { config } = loadSettings(secret);
      const { openKeys } = await import('../../compose.ts');
      await using ring = await openKeys(config);
      print(await ring.webhookSecret(key ?? null));
    });
  addConfigFlags(secret, ['queue.database']);
}
