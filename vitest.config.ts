import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    // Native code and child processes: a test file must never take the others down with it.
    pool: 'forks',
    // One more than the cores of a small machine: many tests wait for a lease, a time limit or a browser.
    maxWorkers: 3,
    // A machine of CI may get a quarter of its cores; a test that hangs is noticed late there, but is noticed.
    testTimeout: process.env.CI ? 90_000 : 30_000,
    hookTimeout: process.env.CI ? 120_000 : 60_000,
    teardownTimeout: 10_000,
    setupFiles: ['test/leaks.ts'],
    // An empty suite is a mistake, and a skipped test in CI is one too (.ci/run counts them).
    passWithNoTests: false,
    allowOnly: !process.env.CI,
    // One unlucky moment of a busy machine among thousands of tests; the summary of CI names each second try.
    retry: process.env.CI ? 1 : 0,
  },
});
