// The logger benchmarks: svlogd beside C's, BusyBox's, s6-log and multilog, in one run.
//
// Promises: exit 0 when everything asked for was measured (with --assert: and every limit met), 1 when not, 2 for
// usage. Ratios alone are judged: the same machine, the same minute. Every file is removed, every logger ends with its
// feeder. Read next: model.ts, throughput.ts, quiet.ts, ../../../docs/benchmarks.md.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join, resolve } from 'node:path';
import { makePlace } from '../place.ts';
import { findLoggers } from './loggers.ts';
import { isMet, type Logger, type Verdict } from './model.ts';
import { type Options, parse, USAGE } from './options.ts';
import { measureIdle, measureLatency } from './quiet.ts';
import { cpuLine, HEADER, rowLine, verdictLine, verdictOf } from './report.ts';
import { measureThroughput, type Row } from './throughput.ts';

/** Ours must be ahead of the best; where only C svlogd takes part, far ahead of it, as the best are. */
const AHEAD = 1;
const FAR_AHEAD = 0.5;

const OUT = resolve(import.meta.dirname, '../../../out/bench');
const COPY = join(OUT, `log-${process.pid}`);

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const buildFeed = (): string => {
  const [source, built] = [join(import.meta.dirname, 'feed.c'), join(OUT, 'feed')];
  mkdirSync(OUT, { recursive: true });
  if (!existsSync(built) || statSync(source).mtimeMs > statSync(built).mtimeMs)
    execFileSync('cc', ['-Os', '-Wall', '-Wextra', '-s', '-o', built, source], { stdio: 'inherit' });
  return built;
};

const clear = (dir: string): void => {
  for (const path of [dir, COPY]) rmSync(path, { recursive: true, force: true });
};

interface Told {
  readonly rows: readonly Row[];
  readonly verdicts: readonly Verdict[];
  readonly missing: readonly string[];
}

const measureQuiet = async (options: Options, feed: string, loggers: readonly Logger[], dir: string) => {
  const ours = loggers.find(({ name }) => name === 'ours');
  const c = loggers.find(({ name }) => name === 'c');
  if (!options.quietFigures || ours === undefined || c === undefined) return [];
  const pair = { feed, ours, c, dir, quick: options.quick };
  const verdicts = [
    await measureLatency(pair, 'plain'),
    await measureLatency(pair, '-t'),
    await measureLatency(pair, '-tt'),
    ...(await measureIdle(pair)),
  ];
  for (const verdict of verdicts) say(verdictLine(verdict, options.slack));
  return verdicts;
};

const measureAll = async (options: Options, dir: string): Promise<Told> => {
  const feed = buildFeed();
  const { loggers, missing } = findLoggers(options.loggers, options.ours, COPY);
  say(`${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Linux ${release()}; load ${loadavg()[0]?.toFixed(2)}`);
  say(`${options.bytes / 1e6} MB each, s1000000 n10, median of ${options.rounds} rounds, logs in ${dir}\n\n${HEADER}`);
  // pages of a file just written are dirty, and would be counted as private to whoever maps them
  execFileSync('sync');
  const rows: Row[] = [];
  for await (const row of measureThroughput({ ...options, feed, loggers, dir })) {
    say(rowLine(row));
    say(cpuLine(row));
    rows.push(row);
  }
  say('');
  const verdicts = await measureQuiet(options, feed, loggers, dir);
  for (const one of missing) say(`  not measured: ${one}`);
  return { rows, verdicts, missing };
};

const conclude = (options: Options, told: Told): number => {
  const limit = options.quick ? FAR_AHEAD : AHEAD;
  const speeds = told.rows.map((row) => verdictOf(row, limit)).filter((verdict) => verdict !== null);
  const missed = [...speeds, ...told.verdicts].filter((verdict) => !isMet(verdict, options.slack));
  for (const verdict of missed) say(`  not met: ${verdictLine(verdict, options.slack).trim()}`);
  say(`\n${missed.length} limits not met, ${told.missing.length} loggers not measured`);
  if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(told, null, 2)}\n`);
  return told.missing.length > 0 || (options.assert && missed.length > 0) ? 1 : 0;
};

const main = async (): Promise<number> => {
  let options: Options;
  try {
    options = parse(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return 2;
  }
  const dir = options.dir === null ? makePlace() : mkdtempSync(join(options.dir, 'runitbox-bench-'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      clear(dir);
      process.exit(130);
    });
  try {
    return conclude(options, await measureAll(options, dir));
  } finally {
    clear(dir);
  }
};

process.exitCode = await main();
