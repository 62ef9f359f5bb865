import type { Command } from 'commander';
import { print, printJson } from '../output.ts';
import { addConfigFlags, loadSettings } from '../settings.ts';
import { size } from '../wording.ts';

export function addBackup(program: Command): void {
  const backup = program
    .command('backup')
    .description(
      'Copy the embedded queue into a file, and its keys into another beside it, while everything runs. docs/operations.md says how to restore.',
    )
    .argument('<file>', 'where the copy goes; the keys go to the same name with -keys')
    .option('--replace', 'replace copies that are there')
    .option('--json', 'print the report as JSON')
    .action(async (file: string, { replace = false, json }: { replace?: boolean; json?: boolean }) => {
      const { config } = loadSettings(backup);
      const { backupInstallation } = await import('../../operations/backup.ts');
      const files = await backupInstallation(config, file, { replace });
      if (json) return printJson({ files });
      for (const { file: name, size_bytes } of files) print(`${name}  ${size(size_bytes)}`);
    });
  addConfigFlags(backup, ['queue.database']);
}
