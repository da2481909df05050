// How the test suite runs: in forked Node processes, because the host addon owns signals and children of its process.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'lcovonly'],
      reportsDirectory: 'out/coverage',
      thresholds: {
        'src/formats/**': { branches: 100 },
        'src/machine/**': { branches: 100 },
        'src/log/piece.ts': { branches: 100 },
      },
    },
  },
});
