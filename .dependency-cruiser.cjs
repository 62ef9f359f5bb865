/**
 * Who may import whom, by reachability where it matters: no process that serves requests may ever load FFmpeg.
 * `scripts/check.mjs` runs this and fails when suspiciously few modules were seen.
 */
const OURS = '^src/';

/** `folder` may import only itself and `allowed` (regular expressions on paths). */
const only = (folder, allowed, comment) => ({
  name: `${folder}-imports`,
  comment,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: OURS, pathNot: [`^src/${folder}/`, ...allowed] },
});

const CORE = '^src/core/';
const JOBS = '^src/jobs/';
const NETWORK = '^src/network/';
const LEDGER = '^src/ledger/port\\.ts$';
const PORTS = '^src/(queue|storage|previews|recipes)/port\\.ts$';
/** The entries of the job process and of the inspection: started as programs of their own, never imported. */
const ENTRIES = '^src/(runner/child(-thread)?|engine/[a-z-]+-main)\\.ts$';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle means that two modules are one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-missing-modules',
      comment: 'An import that cannot be found would hide everything behind it from these rules.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'ffmpeg-only-in-engine',
      comment: 'Only src/engine touches FFmpeg.',
      severity: 'error',
      from: { pathNot: '^(src/engine/|node_modules/)' },
      to: { path: 'node_modules/node-av' },
    },
    {
      name: 'parents-never-reach-ffmpeg',
      comment:
        'A crash in native code must take a job process, never the server, the worker or the command line.',
      severity: 'error',
      from: {
        path: '^src/(cli/main|compose|compose/.*|runner/(worker|child-host|run-once))\\.ts$|^src/(server|queue|storage|previews|jobs|core)/',
      },
      to: { path: 'node_modules/node-av|^src/engine/', reachable: true },
    },
    {
      name: 'engine-only-from-the-job-process',
      comment: 'The engine is imported by the entry of the job process alone; parents name that file by URL.',
      severity: 'error',
      from: { path: OURS, pathNot: ['^src/engine/', ENTRIES] },
      to: { path: '^src/engine/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'entries-are-programs',
      comment: 'The entries of the job process are started, not imported.',
      severity: 'error',
      from: { path: OURS },
      to: { path: ENTRIES, dependencyTypesNot: ['type-only'] },
    },
    only('core', [], 'core is the leaf: nothing of ours.'),
    only('network', [CORE], 'The one way out to the network knows nobody who uses it.'),
    only('ledger', [CORE], 'A ledger driver knows only its port.'),
    only('auth', [CORE, LEDGER], 'Keys and owners are kept in the ledger.'),
    only(
      'webhooks',
      [CORE, NETWORK, LEDGER, PORTS, '^src/auth/keys\\.ts$'],
      'Webhooks work against the ports.',
    ),
    only(
      'jobs',
      [CORE, NETWORK],
      'A job is a pure description; it knows the vocabulary and the guarded way out.',
    ),
    only('engine', [CORE], 'The engine executes plans; it knows no jobs, no queue, no HTTP.'),
    only('queue', [CORE], 'A queue driver knows only its port.'),
    only('storage', [CORE], 'A storage driver knows only its port.'),
    only('recipes', [CORE], "Where recipes are kept is nobody else's business."),
    only(
      'previews',
      [CORE, JOBS, PORTS, '^src/runner/(cage|child-host|protocol|supervise-order|sibling-module)\\.ts$'],
      'Previews are made in job processes of their own.',
    ),
    only('runner', [CORE, JOBS, PORTS, '^src/engine/'], 'The runner works against the ports.'),
    only(
      'server',
      [CORE, JOBS, PORTS, NETWORK, LEDGER, '^src/(auth|webhooks)/', '^src/observability/metrics\\.ts$'],
      'The server works against the ports.',
    ),
    only('operations', [CORE, '^src/(queue|ledger)/'], 'What is done with whole queues.'),
    only(
      'observability',
      [CORE, PORTS, '^src/(runner/observer|server/request-tracer)\\.ts$'],
      'Metrics and traces listen; they know those they listen to by their interfaces.',
    ),
    only(
      'bench',
      [CORE, JOBS, '^src/runner/(child-host|run-once)\\.ts$'],
      'What is measured is what everybody runs.',
    ),
    only(
      'cli',
      [CORE, JOBS, '^src/compose(/|\\.ts$)', '^src/(bench|operations)/'],
      'Commands reach the program through compose.ts.',
    ),
    {
      name: 'compose-imports',
      comment: 'The composition root wires everything but the command line and the engine.',
      severity: 'error',
      from: { path: '^src/compose(/|\\.ts$)' },
      to: { path: '^src/(cli|engine)/' },
    },
    {
      name: 'compose-is-the-root',
      comment: 'Only the command line starts from the composition root.',
      severity: 'error',
      from: { path: OURS, pathNot: '^src/(cli/|compose(/|\\.ts$))' },
      to: { path: '^src/compose(/|\\.ts$)' },
    },
    {
      name: 'no-dev-dependencies-in-src',
      comment: 'What ships must be a dependency.',
      severity: 'error',
      from: { path: OURS },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: '@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Types count for the layers as well: a module that knows another's types knows it.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
