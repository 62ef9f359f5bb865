/**
 * `node scripts/ci-summary.mjs REPORT TESTS CHECK [CORPUS]`: reads what scripts/ci-reporter.mjs wrote and the exit
 * codes of `npm test`, `npm run check` and `npm run test:corpus`, and prints "N passed, N failed" as the last line.
 * Exits 1 unless all is well: a test that was skipped, a file that did not load or never ended, an error that no
 * test caught and a run without tests are failures here.
 */
import { readFileSync } from 'node:fs';

const [report, ...codes] = process.argv.slice(2);
const lines = readLines(report);
const planned = lines.find((line) => line.files)?.files ?? [];
const ended = lines.filter((line) => line.file);
const tests = ended.flatMap(({ file, tests }) => tests.map((test) => ({ ...test, file })));

const passed = tests.filter(({ state }) => state === 'passed');
const skipped = tests.filter(({ state }) => state === 'skipped');
const failed = tests.filter(({ state }) => state === 'failed');
const brokenFiles = ended.filter(({ errors }) => errors.length > 0);
const unhandled = lines.flatMap((line) => line.unhandled ?? []);
const never = planned.filter((name) => !ended.some(({ file }) => file === name));

// What failed stands at the end of the output, where a person looks first.
for (const { file, name, errors } of passed.filter(({ tries }) => tries > 1))
  tell(`passed at the second try: ${file} > ${name}`, errors);
for (const { file, name } of skipped) tell(`skipped: ${file} > ${name}`);
for (const { file, name, errors } of failed) tell(`failed: ${file} > ${name}`, errors);
for (const { file, errors } of brokenFiles) tell(`failed outside of its tests: ${file}`, errors);
for (const error of unhandled) tell('caught by no test:', [error]);
for (const file of never) tell(`did not end: ${file}`);
if (skipped.length > 0) tell(`${skipped.length} skipped: in CI nothing may be left out`);
if (passed.length === 0) tell('no test has passed');

const failures = failed.length + brokenFiles.length + unhandled.length + never.length;
console.log(`${passed.length} passed, ${failures} failed`);
process.exitCode =
  passed.length > 0 && failures === 0 && skipped.length === 0 && codes.every((code) => code === '0') ? 0 : 1;

function tell(line, errors = []) {
  console.log(line);
  for (const error of errors)
    console.log(
      error
        .split('\n')
        .slice(0, 12)
        .map((text) => `    ${text}`)
        .join('\n'),
    );
}

function readLines(path) {
  try {
    return readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  } catch {
    return [];
  }
}
