import type { Command } from 'commander';
import { printJson } from '../output.ts';
import { programVersion } from '../version.ts';

export function addOpenApi(program: Command): void {
  program
    .command('openapi')
    .description('Print the OpenAPI document of the HTTP API.')
    .action(async () => {
      const { openApiDocument } = await import('../../compose.ts');
      printJson(await openApiDocument(programVersion()));
    });
}
