// The benchmarks: this program beside the C one it replaces, in one run.
//
// Promises: exit 0 when everything asked for was measured (with --assert: and every limit met), 1 when not, 2 for
// usage. Every process that was started is ended, every file removed, also after an interrupt or an error.
// Read next: model.ts (what a figure is), ../../docs/benchmarks.md (method and numbers).
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { chpst } from './figures/chpst.ts';
import { restart, latency, fifo } from './figures/control.ts';
import { idle } from './figures/idle.ts';
import { list } from './figures/list.ts';
import { many } from './figures/many.ts';
import { memory } from './figures/memory.ts';
import { peers } from './figures/others.ts';
import { pickup } from './figures/pickup.ts';
import { start, startOnDisk } from './figures/start.ts';
import { status } from './figures/status.ts';
import { watch } from './figures/watch.ts';
import { type Keeping, keepingIn } from './keeper.ts';
import type { Context, Figure } from './model.ts';
import { type Options, parse, USAGE } from './options.ts';
import { diskOf, makePlace } from './place.ts';
import { buildTools, suiteOf } from './programs.ts';
import { HEADER, type Judged, judge, lineOf } from './report.ts';

const FIGURES: readonly Figure[] = [
  status,
  chpst,
  memory,
  start,
  restart,
  latency,
  fifo,
  pickup,
  watch,
  list,
  idle,
  many,
  peers,
  startOnDisk,
];

const say = (text: string): void => void process.stdout.write(`${text}\n`);

interface Told {
  readonly figure: string;
  readonly rows: readonly Judged[];
  readonly notes: readonly string[];
  /** Why there are no rows. */
  readonly missing: string | null;
  /** Whether what is missing should have been measured. */
  readonly failed: boolean;
}

const measure = async (figure: Figure, context: Context, slack: number): Promise<Told> => {
  const notes: string[] = [];
  const own: Context = { ...context, dir: join(context.dir, figure.name), note: (text) => void notes.push(text) };
  const told = { figure: figure.name, notes };
  const skipReason = figure.skipReason?.(own) ?? null;
  if (skipReason !== null) return { ...told, rows: [], missing: skipReason, failed: figure.optional !== true };
  try {
    mkdirSync(own.dir);
    const rows = await figure.measure(own);
    return { ...told, rows: rows.map((row) => judge(row, slack)), missing: null, failed: false };
  } catch (error) {
    return { ...told, rows: [], missing: error instanceof Error ? error.message : String(error), failed: true };
  } finally {
    await context.keep.closeAll();
    rmSync(own.dir, { recursive: true, force: true });
  }
};

const show = (figure: Figure, told: Told): void => {
  say(`\n${figure.title} [${figure.name}]`);
  for (const judged of told.rows) say(lineOf(judged));
  for (const note of told.notes) say(`  ${note}`);
  if (told.missing !== null) say(`  not measured: ${told.missing}`);
};

const machine = (): string =>
  `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`;

const isAsked = ({ name, forInformation }: Figure, { only, quick }: Options): boolean =>
  only === null ? !quick || forInformation !== true : only.includes(name);

const measureAll = async (options: Options, context: Context): Promise<readonly Told[]> => {
  say(`${machine()}; load ${loadavg()[0]?.toFixed(2)}`);
  say(`ours: ${options.ours}, C: ${options.c}\n\n${HEADER}`);
  const all: Told[] = [];
  for (const figure of FIGURES) {
    if (!isAsked(figure, options)) continue;
    const told = await measure(figure, context, options.slack);
    show(figure, told);
    all.push(told);
  }
  return all;
};

const conclude = (options: Options, all: readonly Told[]): number => {
  const missed = all.flatMap((told) => told.rows).filter(({ verdict }) => verdict === 'NOT MET');
  const failed = all.filter((told) => told.failed);
  say(`\n${missed.length} limits not met, ${failed.length} figures not measured`);
  if (options.json !== null)
    writeFileSync(options.json, `${JSON.stringify({ machine: machine(), figures: all }, null, 2)}\n`);
  return failed.length > 0 || (options.assert && missed.length > 0) ? 1 : 0;
};

const endOnSignal = (keep: Keeping, dir: string): void => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      void keep.closeAll().then(() => {
        rmSync(dir, { recursive: true, force: true });
        process.exit(1);
      });
    });
  }
};

const bench = async (options: Options): Promise<number> => {
  const tools = buildTools();
  const dir = makePlace();
  const keep = keepingIn(tools, dir);
  endOnSignal(keep, dir);
  try {
    const ours = suiteOf('ours', options.ours, dir);
    const c = suiteOf('c', options.c, dir);
    // pages of a file just written are dirty, and would be counted as private to whoever maps them
    execFileSync('sync');
    const context = { quick: options.quick, ours, c, tools, dir, disk: diskOf(), keep, note: () => {} };
    return conclude(options, await measureAll(options, context));
  } finally {
    await keep.closeAll();
    rmSync(dir, { recursive: true, force: true });
  }
};

const main = async (): Promise<number> => {
  let options: Options;
  try {
    options = parse(
      process.argv.slice(2),
      FIGURES.map((figure) => figure.name),
    );
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return 2;
  }
  if (!options.list) return bench(options);
  for (const figure of FIGURES) say(`${figure.name.padEnd(10)}${figure.title}`);
  return 0;
};

process.exitCode = await main();
