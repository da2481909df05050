// `chpst OPTIONS PROGRAM`, the whole process with an empty static program behind it: what every start of a service pays.
//
// The last row has the system's `true` behind it, found through PATH: its own start, the same for both, is most of that.
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Context, Figure, Row } from '../model.ts';
import { suitesOf } from '../model.ts';
import { has } from '../programs.ts';
import { measureRuns, type Run } from '../runs.ts';
import { measured } from '../statistics.ts';

const LIMIT = 0.42;
const GOAL = 0.35;
/** Where the usual programs are, some places behind those that have none. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

interface Use {
  readonly name: string;
  readonly options: readonly string[];
  readonly program: string;
  readonly limit: number | null;
}

const usesOf = ({ dir, tools }: Context): readonly Use[] => {
  // the lock is opened by the user that chpst has become
  chmodSync(dirname(dir), 0o711);
  chmodSync(dir, 0o777);
  // whoever may enter the checkout
  const floor = join(dir, 'floor');
  copyFileSync(tools.floor, floor);
  const env = join(dir, 'env');
  mkdirSync(env);
  for (const name of ['HOST', 'PORT', 'LEVEL']) writeFileSync(join(env, name), 'a value\n');
  const judged = (options: readonly string[], name = options.join(' ')): Use => ({
    name: `chpst ${name}`,
    options,
    program: floor,
    limit: LIMIT,
  });
  const user = process.getuid?.() === 0 ? ['-u', 'daemon'] : [];
  const all = [...user, '-e', env, '-o', '64', '-n', '1', '-l', join(dir, 'lock')];
  const uses = [judged([]), judged(['-o', '64']), ...(user.length > 0 ? [judged(user)] : [])];
  const full = judged(all, `${user.join(' ')} -e -o -n -l`.trim());
  return [...uses, full, { ...judged(user, `${user.join(' ')} true`.trim()), program: 'true', limit: null }];
};

const rowsOf = ({ name, limit }: Use, c: readonly Run[], ours: readonly Run[]): readonly Row[] => {
  const row = (what: string, unit: Row['unit'], of: (run: Run) => number): Row => ({
    name: `${name}, ${what}`,
    unit,
    c: measured(c.map(of)),
    ours: measured(ours.map(of)),
    limit: null,
  });
  const wall = row('wall', 'us', (run) => run.wallUs);
  return [limit === null ? wall : { ...wall, limit, goal: GOAL }, row('page faults', 'count', (run) => run.faults)];
};

const measureUse = async (context: Context, use: Use): Promise<readonly Row[]> => {
  const [c = [], ours = []] = await measureRuns(context.tools, {
    commands: suitesOf(context).map((suite) => [join(suite.bin, 'chpst'), ...use.options, use.program]),
    rounds: context.quick ? 300 : 1000,
    env: { PATH },
  });
  const failed = [...c, ...ours].filter((run) => run.status !== 0).length;
  if (failed > 0) throw new Error(`${failed} runs of ${use.name} failed`);
  return rowsOf(use, c, ours);
};

export const chpst: Figure = {
  name: 'chpst',
  title: '`chpst OPTIONS PROGRAM`, whole process',
  skipReason: ({ ours }) => (has(ours, 'chpst') ? null : 'ours has no chpst'),
  measure: async (context) => {
    const rows: Row[] = [];
    for (const use of usesOf(context)) rows.push(...(await measureUse(context, use)));
    return rows;
  },
};
