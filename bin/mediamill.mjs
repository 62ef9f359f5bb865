#!/usr/bin/env node
// Runs on any Node, so that an old one gets a sentence and not a stack trace: no newer syntax in this file.
// biome-ignore lint/style/useNodejsImportProtocol: unknown before Node 12.20.
import { existsSync } from 'fs';
// biome-ignore lint/style/useNodejsImportProtocol: the same.
import { fileURLToPath } from 'url';

const version = process.versions.node;

if (Number(version.split('.')[0]) < 24) {
  process.stderr.write(
    'mediamill needs Node 24 or newer (this is ' +
      version +
      '); start it with `npm start`, or `npx mediamill` in its folder: both use the Node that npm installed.\n',
  );
  process.exitCode = 1;
} else {
  // In a checkout the TypeScript runs as it is; the published package carries the compiled files.
  const source = new URL('../src/cli/main.ts', import.meta.url);
  const entry = existsSync(source) ? source : new URL('../dist/cli/main.js', import.meta.url);
  // Compiled code is kept: a command starts in a third of the time. Where nothing can be written, nothing is kept.
  const cache = new URL('../node_modules/.cache/mediamill', import.meta.url);
  import('node:module')
    .then((modules) => modules.enableCompileCache(fileURLToPath(cache)))
    .then(() => import(entry.href))
    .then((cli) => cli.main(process.argv.slice(2)));
}
