// What a process changes of itself before it becomes a program: what is wished for, and the order in which it is done.
//
// The order is fixed, whatever the order of options, and C chpst's where that has the option: session, environment, new
// root, directory, nice, ids in the environment, identity, lock, standard descriptors, limits. What the others
// need decides their places: what is written below /proc and /sys comes before the new root, what wants privileges
// before the identity, and what a change of identity would undo, after it.
// Must not: look at anything. All input is checked before the first step, so that none is taken for bad input.
// Read next: ../../effects/exec/apply.ts (carries the steps out).
import type { Identity, ParsedUser } from '../../formats/identity.ts';
import type { Limit } from '../../formats/limits.ts';
import type { Capabilities } from '../../formats/lists.ts';
import type { Bytes } from '../../abi/bytes.ts';

/** An identity, and the word for it in messages. */
export interface UserSpec {
  readonly spec: Bytes;
  readonly parsed: ParsedUser;
  /** Where a message says that nobody has that name. */
  readonly kind: 'user/group' | 'account';
}

export type Subdirectories = 'skip' | 'warn' | 'refuse';

export type Standard = 0 | 1 | 2;

/** `keep` null: the option was not given. */
export interface Privileges {
  readonly keep: Capabilities | null;
  readonly drop: Capabilities;
}

/** All that can be asked for; what is absent is left as it is. */
export interface ExecOptions {
  session?: true;
  envFiles?: readonly Bytes[];
  envDirectories?: readonly Bytes[];
  subdirectories?: Subdirectories;
  cgroup?: Bytes;
  oomScore?: number;
  processors?: readonly number[];
  ioPriority?: number;
  niceTo?: number;
  niceBy?: number;
  namespaces?: number;
  root?: Bytes;
  directory?: Bytes;
  envIdentity?: UserSpec;
  identity?: UserSpec;
  /** With an identity that names no groups: all groups of that user. */
  allGroups?: true;
  capKeep?: Capabilities;
  capDrop?: Capabilities;
  lock?: { readonly path: Bytes; readonly wait: boolean };
  closed?: readonly Standard[];
  limits?: readonly Limit[];
  umask?: number;
  noNewPrivileges?: true;
  parentDeath?: number;
}

export type Step =
  | { readonly kind: 'session' }
  | { readonly kind: 'environment file'; readonly path: Bytes }
  | { readonly kind: 'environment directory'; readonly path: Bytes; readonly subdirectories: Subdirectories }
  | { readonly kind: 'cgroup'; readonly path: Bytes }
  | { readonly kind: 'oom score'; readonly score: number }
  | { readonly kind: 'processors'; readonly bits: readonly number[] }
  | { readonly kind: 'io priority'; readonly priority: number }
  | { readonly kind: 'nice to' | 'nice by'; readonly level: number }
  /** Hard limits that go up, while that is still allowed. */
  | { readonly kind: 'raise limits'; readonly limits: readonly Limit[] }
  | { readonly kind: 'namespaces'; readonly bits: number }
  | { readonly kind: 'root' | 'directory'; readonly path: Bytes }
  | { readonly kind: 'environment identity'; readonly user: UserSpec }
  | { readonly kind: 'bounding set'; readonly privileges: Privileges }
  | {
      readonly kind: 'identity';
      readonly user: UserSpec;
      readonly allGroups: boolean;
      readonly keepCapabilities: boolean;
    }
  | { readonly kind: 'lock'; readonly path: Bytes; readonly wait: boolean }
  | { readonly kind: 'close'; readonly fd: Standard }
  | { readonly kind: 'umask'; readonly mask: number }
  | { readonly kind: 'capabilities'; readonly privileges: Privileges }
  | { readonly kind: 'no new privileges' }
  | { readonly kind: 'parent death'; readonly signal: number }
  | { readonly kind: 'limits'; readonly limits: readonly Limit[] };

type Maybe = Step | null;

const given = <T>(value: T | undefined, step: (value: T) => Step): Maybe => (value === undefined ? null : step(value));

const each = <T>(values: readonly T[] | undefined, step: (value: T) => Step): readonly Maybe[] =>
  (values ?? []).map(step);

const environmentSteps = (wish: ExecOptions): readonly Maybe[] => [
  ...each(wish.envFiles, (path) => ({ kind: 'environment file', path })),
  ...each(wish.envDirectories, (path) => ({
    kind: 'environment directory',
    path,
    subdirectories: wish.subdirectories ?? 'skip',
  })),
];

const raised = (wish: ExecOptions): Maybe => {
  const limits = (wish.limits ?? []).filter((limit) => limit.hard !== null);
  return limits.length === 0 || wish.identity === undefined ? null : { kind: 'raise limits', limits };
};

const schedulingSteps = (wish: ExecOptions): readonly Maybe[] => [
  given(wish.cgroup, (path) => ({ kind: 'cgroup', path })),
  given(wish.oomScore, (score) => ({ kind: 'oom score', score })),
  given(wish.processors, (bits) => ({ kind: 'processors', bits })),
  given(wish.ioPriority, (priority) => ({ kind: 'io priority', priority })),
  given(wish.niceTo, (level) => ({ kind: 'nice to', level })),
  raised(wish),
  given(wish.namespaces, (bits) => ({ kind: 'namespaces', bits })),
];

const privilegesOf = (wish: ExecOptions): Privileges | undefined =>
  wish.capKeep === undefined && wish.capDrop === undefined
    ? undefined
    : { keep: wish.capKeep ?? null, drop: wish.capDrop ?? [] };

const identitySteps = (wish: ExecOptions): readonly Maybe[] => [
  given(wish.envIdentity, (user) => ({ kind: 'environment identity', user })),
  given(privilegesOf(wish), (privileges) => ({ kind: 'bounding set', privileges })),
  given(wish.identity, (user) => ({
    kind: 'identity',
    user,
    allGroups: wish.allGroups === true,
    keepCapabilities: wish.capKeep !== undefined,
  })),
];

const lastSteps = (wish: ExecOptions): readonly Maybe[] => [
  given(wish.lock, ({ path, wait }) => ({ kind: 'lock', path, wait })),
  ...each(wish.closed, (fd) => ({ kind: 'close', fd })),
  given(wish.umask, (mask) => ({ kind: 'umask', mask })),
  given(privilegesOf(wish), (privileges) => ({ kind: 'capabilities', privileges })),
  wish.noNewPrivileges === true ? { kind: 'no new privileges' } : null,
  given(wish.parentDeath, (signal) => ({ kind: 'parent death', signal })),
  given(wish.limits, (limits) => ({ kind: 'limits', limits })),
];

/** The steps, in the order in which they are done. */
export const planOf = (wish: ExecOptions): readonly Step[] =>
  [
    wish.session === true ? ({ kind: 'session' } as const) : null,
    ...environmentSteps(wish),
    ...schedulingSteps(wish),
    given(wish.root, (path) => ({ kind: 'root', path })),
    given(wish.directory, (path) => ({ kind: 'directory', path })),
    given(wish.niceBy, (level) => ({ kind: 'nice by', level })),
    ...identitySteps(wish),
    ...lastSteps(wish),
  ].filter((step) => step !== null);

/** Supplementary groups for a user's own group and those that name the user, each once. */
export const withOwnGroup = (identity: Identity, more: readonly number[]): Identity => {
  const own = identity.gids[0];
  return { uid: identity.uid, gids: [own, ...new Set(more.filter((gid) => gid !== own))] };
};
