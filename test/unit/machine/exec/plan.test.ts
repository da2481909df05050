import { describe, expect, it } from 'vitest';
import { planOf, type UserSpec, type ExecOptions, withOwnGroup } from '../../../../src/machine/exec/plan.ts';

const user: UserSpec = { spec: 'log', parsed: { kind: 'names', user: 'log', groups: [] }, kind: 'user/group' };
const raising = { name: 'nofile', soft: 5, hard: 9, clipped: false } as const;
const soft = { name: 'core', soft: 0, hard: null, clipped: true } as const;

/** Everything at once. */
const all: ExecOptions = {
  session: true,
  envFiles: ['one', 'two'],
  envDirectories: ['env'],
  cgroup: 'group',
  oomScore: 5,
  processors: [1],
  ioPriority: 7,
  niceTo: 3,
  niceBy: 1,
  namespaces: 4,
  root: '/root',
  directory: '/dir',
  envIdentity: user,
  identity: user,
  allGroups: true,
  capKeep: [10],
  capDrop: [5],
  lock: { path: 'lock', wait: true },
  closed: [0, 2],
  limits: [raising, soft],
  umask: 0o22,
  noNewPrivileges: true,
  parentDeath: 15,
};

const kinds = (wish: ExecOptions): readonly string[] => planOf(wish).map(({ kind }) => kind);

describe('the plan', () => {
  it('has its order, whatever is wished for', () => {
    expect(kinds(all)).toEqual([
      'session',
      'environment file',
      'environment file',
      'environment directory',
      'cgroup',
      'oom score',
      'processors',
      'io priority',
      'nice to',
      'raise limits',
      'namespaces',
      'root',
      'directory',
      'nice by',
      'environment identity',
      'bounding set',
      'identity',
      'lock',
      'close',
      'close',
      'umask',
      'capabilities',
      'no new privileges',
      'parent death',
      'limits',
    ]);
  });

  it('is empty where nothing is wished for', () => {
    expect(planOf({})).toEqual([]);
  });

  it.each(Object.keys(all) as readonly (keyof ExecOptions)[])(
    'has, for %s alone, none but steps of the whole plan',
    (key) => {
      const whole = kinds(all);
      const own = kinds({ [key]: all[key] });
      expect(own.every((kind) => whole.includes(kind))).toBe(true);
      expect(own.length === 0).toBe(key === 'allGroups');
    },
  );

  it('raises hard limits before the user changes, and only then, and only those', () => {
    expect(planOf({ limits: [raising, soft], identity: user })[0]).toEqual({ kind: 'raise limits', limits: [raising] });
    expect(kinds({ limits: [raising] })).toEqual(['limits']);
    expect(kinds({ limits: [soft], identity: user })).toEqual(['identity', 'limits']);
  });

  it('keeps capabilities over a change of user only where some are to be kept', () => {
    const keeps = (wish: ExecOptions): unknown => planOf(wish).find(({ kind }) => kind === 'identity');
    expect(keeps({ identity: user, capKeep: [] })).toMatchObject({ keepCapabilities: true });
    expect(keeps({ identity: user, capDrop: [1] })).toMatchObject({ keepCapabilities: false });
    expect(planOf({ capDrop: [1] })[0]).toEqual({ kind: 'bounding set', privileges: { keep: null, drop: [1] } });
  });

  it('passes over directories among variables unless told otherwise', () => {
    expect(planOf({ envDirectories: ['a'] })).toMatchObject([{ subdirectories: 'skip' }]);
    expect(planOf({ envDirectories: ['a'], subdirectories: 'refuse' })).toMatchObject([{ subdirectories: 'refuse' }]);
  });
});

describe('the groups of a user', () => {
  it('are its own first, and each once', () => {
    expect(withOwnGroup({ uid: 1, gids: [5] }, [7, 5, 7, 8])).toEqual({ uid: 1, gids: [5, 7, 8] });
    expect(withOwnGroup({ uid: 1, gids: [5] }, [])).toEqual({ uid: 1, gids: [5] });
  });
});
