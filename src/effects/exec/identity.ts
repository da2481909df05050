// Becoming another user, and keeping or dropping capabilities on the way.
//
// Promises: groups first, user last; what the kernel refuses is Fatal, unless nothing would change. Capabilities that are kept over a change of user
// are ambient afterwards, so that a program without file capabilities has them.
// Read next: accounts.ts, ../../machine/exec/plan.ts (the order of all steps).
import { isAlready } from '../../formats/credentials.ts';
import { wholeNumber, MOST_ID } from '../../formats/decimal.ts';
import type { Identity } from '../../formats/identity.ts';
import { CAPABILITIES, type Capabilities } from '../../formats/lists.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { isErrno } from '../../host/calls.ts';
import { EINVAL, EPERM } from '../../abi/errno.ts';
import {
  CALL_PRCTL,
  CALL_SETGID,
  CALL_SETUID,
  O_RDONLY,
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_RAISE,
  PR_CAPBSET_DROP,
  PR_CAPBSET_READ,
  PR_SET_KEEPCAPS,
} from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { type Privileges, type UserSpec, withOwnGroup } from '../../machine/exec/plan.ts';
import { accountNamed, groupNamed, groupsOf } from './accounts.ts';
import { Fatal, reason } from '../diagnostics.ts';

const MOST_CAPABILITIES = 64;

const insist = (result: number, what: string): void => {
  if (result < 0) throw new Fatal(reason(`unable to ${what}`, result));
};

/** A group by its name, else by its number. */
const gidOf = (group: Bytes): number | null => groupNamed(group) ?? wholeNumber(group, MOST_ID);

const gidsOf = (groups: readonly Bytes[]): readonly number[] | null => {
  const gids: number[] = [];
  for (const group of groups) {
    const gid = gidOf(group);
    if (gid === null) return null;
    gids.push(gid);
  }
  return gids;
};

/** A user that has no name may be a number where a group is given. */
const namedIdentity = (user: Bytes, groups: readonly Bytes[]): Identity | null => {
  const account = accountNamed(user);
  if (groups.length === 0) return account === null ? null : { uid: account.uid, gids: [account.gid] };
  const uid = account === null ? wholeNumber(user, MOST_ID) : account.uid;
  const gids = uid === null ? null : gidsOf(groups);
  return uid === null || gids === null ? null : { uid, gids: gids as Identity['gids'] };
};

/** The numbers behind a name. Throws Fatal where nobody has it. */
export const identityOf = ({ spec, parsed, kind }: UserSpec): Identity => {
  if (parsed.kind === 'numbers') return parsed.identity;
  const identity = namedIdentity(parsed.user, parsed.groups);
  if (identity === null) throw new Fatal(`unknown ${kind}: ${spec}`);
  return identity;
};

const withAllGroups = (identity: Identity, { parsed }: UserSpec): Identity =>
  parsed.kind === 'names' ? withOwnGroup(identity, groupsOf(parsed.user)) : identity;

const STATUS_BYTES = 65536;

/** What the kernel says of this process; '' where it does not. */
const ownStatus = (): Bytes => {
  const fd = sys.open('/proc/self/status', O_RDONLY, 0);
  if (isErrno(fd)) return '';
  const status = sys.read(fd, STATUS_BYTES);
  sys.close(fd);
  return isErrno(status) ? '' : status;
};

/** Becomes that user, with these groups. `keepCapabilities`: what is permitted stays so. */
export const become = (user: UserSpec, allGroups: boolean, keepCapabilities: boolean): void => {
  const own = identityOf(user);
  const { uid, gids } = allGroups ? withAllGroups(own, user) : own;
  const grouped = sys.setgroups(gids);
  // whoever has no privileges, and is just that already, has nothing to change
  if (grouped === -EPERM && isAlready({ uid, gids }, ownStatus())) return;
  insist(grouped, 'setgroups');
  insist(sys.numericCall(CALL_SETGID, [gids[0]]), 'setgid');
  if (keepCapabilities) insist(sys.numericCall(CALL_PRCTL, [PR_SET_KEEPCAPS, 1]), 'keep capabilities');
  insist(sys.numericCall(CALL_SETUID, [uid]), 'setuid');
};

const nameOf = (capability: number): string => CAPABILITIES[capability] ?? String(capability);

const isIn = (set: Capabilities, capability: number): boolean => set === 'all' || set.includes(capability);

const remains = ({ keep, drop }: Privileges, capability: number): boolean =>
  (keep === null || isIn(keep, capability)) && !isIn(drop, capability);

/** Takes capabilities out of reach of everything that this process will ever run. */
export const limitBoundingSet = (privileges: Privileges): void => {
  for (let capability = 0; capability < MOST_CAPABILITIES; capability++) {
    if (remains(privileges, capability)) continue;
    const dropped = sys.numericCall(CALL_PRCTL, [PR_CAPBSET_DROP, capability]);
    // the kernel has no more
    if (dropped === -EINVAL) return;
    if (dropped === -EPERM && sys.numericCall(CALL_PRCTL, [PR_CAPBSET_READ, capability]) === 0) continue;
    insist(dropped, `drop capability ${nameOf(capability)}`);
  }
};

/** Low and high 32 bits of a set. */
type Words = readonly [number, number];

const wordsOf = (capabilities: readonly number[]): Words => {
  const word = (from: number): number =>
    capabilities.reduce((bits, n) => (n >= from && n < from + 32 ? bits | (1 << (n - from)) : bits), 0) >>> 0;
  return [word(0), word(32)];
};

const bit = (words: Words, capability: number): boolean =>
  ((words[capability < 32 ? 0 : 1] >>> (capability % 32)) & 1) === 1;

const permitted = (): { readonly sets: readonly number[]; readonly words: Words } => {
  const sets = sys.capabilities([]);
  if (isErrno(sets)) throw new Fatal(reason('unable to read capabilities', sets));
  return { sets, words: [sets[1] ?? 0, sets[4] ?? 0] };
};

/** All that there may be. */
const EVERY: readonly number[] = Array.from({ length: MOST_CAPABILITIES }, (_, capability) => capability);

const setTo = (sets: readonly number[]): void => {
  const set = sys.capabilities(sets);
  if (isErrno(set)) insist(set, 'set capabilities');
};

/** Of `all`, what this process has: a container has never all there are. */
const keepOnly = (privileges: Privileges): void => {
  const { words } = permitted();
  const kept = EVERY.filter((each) => remains(privileges, each) && (privileges.keep !== 'all' || bit(words, each)));
  for (const each of kept) if (!bit(words, each)) insist(-EPERM, `keep capability ${nameOf(each)}`);
  const [low, high] = wordsOf(kept);
  setTo([low, low, low, high, high, high]);
  for (const each of kept) {
    insist(
      sys.numericCall(CALL_PRCTL, [PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, each]),
      `keep capability ${nameOf(each)}`,
    );
  }
};

const dropThese = (drop: Capabilities): void => {
  const { sets } = permitted();
  const [low, high] = wordsOf(EVERY.filter((each) => isIn(drop, each)));
  setTo(sets.map((word, at) => (word & ~(at < 3 ? low : high)) >>> 0));
};

/** Leaves this process, and what it becomes, the capabilities that are kept, less those that are dropped. */
export const limitCapabilities = (privileges: Privileges): void => {
  if (privileges.keep === null) dropThese(privileges.drop);
  else keepOnly(privileges);
};
