// How the test suite runs: in forked Node processes, because the host addon owns signals and children of its process.
// A test file that loads it has a process to itself. The others of test/unit, on the virtual kernel, share processes.
import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

const WITH_ADDON = 'test/unit/applets/in-process.test.ts';

export default defineConfig({
  define: { RUNITBOX_VERSION: JSON.stringify(version) },
  test: {
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'alone', include: ['test/{contract,pkg,sim}/**/*.test.ts', WITH_ADDON] } },
      {
        extends: true,
        test: { name: 'shared', include: ['test/unit/**/*.test.ts'], exclude: [WITH_ADDON], isolate: false },
      },
    ],
    maxWorkers: 2,
    // a bound for what hangs; a loaded machine keeps it
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'lcovonly'],
      reportsDirectory: 'out/coverage',
      thresholds: {
        'src/formats/**': { branches: 100 },
        'src/machine/**': { branches: 100 },
        'src/client/**': { branches: 90 },
        'src/effects/**': { branches: 84 },
        'src/log/**': { branches: 95 },
        'src/log/framing.ts': { branches: 100 },
      },
    },
  },
});
