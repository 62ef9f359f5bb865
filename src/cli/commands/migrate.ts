import type { Command } from 'commander';
import { MillError } from '../../core/errors.ts';
import { print, printJson } from '../output.ts';
import { addConfigFlags, loadSettings } from '../settings.ts';

interface MigrateFlags {
  from: string;
  to: string;
  dryRun?: boolean;
  again?: boolean;
  json?: boolean;
}

export function addMigrate(program: Command): void {
  const migrate = program
    .command('migrate')
    .description(
      'Move jobs and API keys from the embedded queue to Redis. Server and workers must be stopped; the files of the storage stay where they are.',
    )
    .requiredOption('--from <backend>', 'where the jobs are: embedded')
    .requiredOption('--to <backend>', 'where they go: redis, the one of REDIS_URL or [redis] url')
    .option('--dry-run', 'only say what would be moved')
    .option('--again', 'also when they were moved before: jobs that were removed in Redis come back')
    .option('--json', 'print the report as JSON')
    .action(async ({ from, to, json, dryRun = false, again = false }: MigrateFlags) => {
      if (from !== 'embedded' || to !== 'redis') {
        throw new MillError('invalid_request', 'Jobs move from embedded to redis, and no other way.');
      }
      const { config } = loadSettings(migrate);
      const { migrateToRedis } = await import('../../operations/migrate.ts');
      const report = await migrateToRedis(config, { dryRun, again });
      if (json) return printJson(report);
      const { state, waiting, ended, moved } = report;
      if (state === 'moved_before') {
        return print(
          `Nothing to do: the jobs moved to ${moved?.to} on ${moved?.at}. --again moves them once more.`,
        );
      }
      const what = `${waiting} waiting and ${ended} ended jobs`;
      if (state === 'dry_run') return print(`${what} would move; nothing was changed.`);
      print(`${what} are in Redis (${report.new} of them new), and ${report.ledger} entries of the ledger.`);
      print(
        'The database stays as it was. From now on start everything with REDIS_URL, or backend = "redis".',
      );
    });
  addConfigFlags(migrate, ['queue.database']);
}
