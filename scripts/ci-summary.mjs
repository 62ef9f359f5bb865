/**
 * `node scripts/ci-summary.mjs REPORT TESTS CHECK [CORPUS]`: reads vitest's JSON report and the exit codes of
 * `npm test`, `npm run check` and `npm run test:corpus`, and prints "N passed, N failed" as the last line. Exits 1 unless all is well: a test that
 * was skipped, a file that did not load and a run without tests are failures here.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const [file, tests, check, corpus = '0'] = process.argv.slice(2);
const report = readReport(file);
const passed = report.numPassedTests ?? 0;
const skipped = (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0);
// A file that fails outside of its tests, such as in an import or a hook, has no failed test to count.
const brokenFiles = (report.testResults ?? []).filter(
  (result) => result.status === 'failed' && !result.assertionResults.some((test) => test.status === 'failed'),
).length;
const failed = (report.numFailedTests ?? 0) + brokenFiles;

// What failed stands at the end of the output, where a person looks first.
for (const { file, test, state } of troubled()) {
  console.log(`${state}: ${file} > ${test.fullName}`);
  for (const message of test.failureMessages ?? []) console.log(indented(message));
}
for (const { name, message } of report.testResults ?? [])
  if (message) console.log(`${name}\n${indented(message)}`);
if (skipped > 0) console.log(`${skipped} skipped: in CI nothing may be left out`);
if (passed === 0) console.log('no test has passed');
console.log(`${passed} passed, ${failed} failed`);
process.exitCode =
  passed > 0 && failed === 0 && skipped === 0 && [tests, check, corpus].every((code) => code === '0') ? 0 : 1;

/** Failed and skipped tests, and those that passed only at the second try. */
function troubled() {
  return (report.testResults ?? []).flatMap(({ name, assertionResults }) => {
    const file = relative(process.cwd(), name);
    return assertionResults.flatMap((test) => {
      if (test.status !== 'passed') return [{ file, test, state: test.status }];
      return test.failureMessages?.length ? [{ file, test, state: 'passed at the second try' }] : [];
    });
  });
}

function indented(message) {
  return message
    .split('\n')
    .slice(0, 12)
    .map((line) => `    ${line}`)
    .join('\n');
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
}
