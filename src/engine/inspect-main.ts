/** Entry of the process that `mediamill doctor` starts: prints the report as JSON. */
import { inspectEngine } from './inspect.ts';

process.stdout.write(`${JSON.stringify(await inspectEngine())}\n`, () => process.exit(0));
