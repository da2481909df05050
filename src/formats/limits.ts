// The limits of a process: what each is called, and `NAME=SOFT[:HARD]`.
import type { Bytes } from '../abi/bytes.ts';
import { limitNumber, UNLIMITED } from './decimal.ts';
import { isParseError, type ParseError, parseError } from './parse-error.ts';

/** The kernel's numbers; the same on x86, arm and riscv. */
export const RESOURCE = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
} as const;

export type ResourceName = keyof typeof RESOURCE;

/** What a limit is set to. */
export interface Limit {
  readonly name: ResourceName;
  /** A number, UNLIMITED, or 'hard': as high as the hard limit. */
  readonly soft: number | 'hard';
  /** null: stays as it is. */
  readonly hard: number | null;
  /** Whether a soft limit above the hard one means the hard one, or is refused by the kernel. */
  readonly clipped: boolean;
}

const isName = (name: Bytes): name is ResourceName => Object.hasOwn(RESOURCE, name);

const limitValue = (text: Bytes): number | ParseError => {
  if (text === 'unlimited' || text === 'infinity') return UNLIMITED;
  return limitNumber(text) ?? parseError(`not a number: ${text}`);
};

/** Whether a limit is above another. */
export const above = (one: number, other: number): boolean => other !== UNLIMITED && (one === UNLIMITED || one > other);

const bounded = (name: ResourceName, soft: number, hard: number | null): Limit | ParseError =>
  hard !== null && above(soft, hard)
    ? parseError('the soft limit is above the hard one')
    : { name, soft, hard, clipped: false };

/** `nofile=1024:4096`, `core=unlimited` */
export const parseLimit = (text: Bytes): Limit | ParseError => {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  if (!isName(name)) return parseError(`no such limit: ${name}`);
  if (at < 0) return parseError('no value');
  const colon = text.indexOf(':', at);
  const soft = limitValue(text.slice(at + 1, colon < 0 ? text.length : colon));
  if (isParseError(soft)) return soft;
  const hard = colon < 0 ? null : limitValue(text.slice(colon + 1));
  return isParseError(hard) ? hard : bounded(name, soft, hard);
};

/** What to set where the limits are `was`: soft and hard. */
export const newLimits = (limit: Limit, was: readonly [number, number]): readonly [number, number] => {
  const hard = limit.hard ?? was[1];
  const soft = limit.soft === 'hard' ? hard : limit.soft;
  return [limit.clipped && above(soft, hard) ? hard : soft, hard];
};
