/**
 * A reporter of vitest that writes one JSON line to the file CI_REPORT as each test file ends, so that a run that
 * is cut off still tells what it found. The first line lists the files that are to run; scripts/ci-summary.mjs
 * reads them.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';

const report = process.env.CI_REPORT;
if (!report) throw new Error('CI_REPORT must name the file to write to.');

export default class CiReporter {
  onTestRunStart(specifications) {
    const files = specifications.map(({ moduleId }) => named(moduleId));
    writeFileSync(report, `${JSON.stringify({ files })}\n`);
  }

  onTestModuleEnd(module) {
    const tests = [...module.children.allTests()].map((test) => {
      const { state, errors } = test.result();
      return {
        name: test.fullName,
        state,
        tries: 1 + (test.diagnostic()?.retryCount ?? 0),
        errors: (errors ?? []).map(said),
      };
    });
    // What went wrong outside of the tests, such as in an import or a hook.
    write({ file: named(module.moduleId), tests, errors: module.errors().map(said) });
  }

  onTestRunEnd(_modules, unhandledErrors) {
    write({ unhandled: unhandledErrors.map(said) });
  }
}

function write(line) {
  appendFileSync(report, `${JSON.stringify(line)}\n`);
}

function named(moduleId) {
  return relative(process.cwd(), moduleId);
}

function said(error) {
  return error.stack ?? error.message ?? String(error);
}
