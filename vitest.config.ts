// How the test suite runs: in forked Node processes, because the host addon owns signals and children of its process.
// A test file that loads it has a process to itself. The others of test/unit, on the virtual kernel, share processes.
import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

const withAddon = (readdirSync('test/unit', { recursive: true, encoding: 'utf8' }) as readonly string[])
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `test/unit/${name}`)
  .filter((path) => /node-host|sys\.node/.test(readFileSync(path, 'utf8')));

export default defineConfig({
  define: { RUNITBOX_VERSION: JSON.stringify(version) },
  test: {
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'alone', include: ['test/{contract,pkg,sim}/**/*.test.ts', ...withAddon] } },
      {
        extends: true,
        test: { name: 'shared', include: ['test/unit/**/*.test.ts'], exclude: withAddon, isolate: false },
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
