// How the test suite runs: in forked Node processes, because the host addon owns signals and children of its process.
import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

export default defineConfig({
  define: { RUNITBOX_VERSION: JSON.stringify(version) },
  test: {
    pool: 'forks',
    include: ['test/**/*.test.ts'],
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
