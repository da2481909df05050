// Looking at a supervise directory: modes, types, bytes, and the status record taken apart.
//
// Promises: what it decodes is runit's format of 20 bytes, written down here on its own and not taken from src, so that
// the product is measured with another ruler. Read next: steps.ts (waiting for states).
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { World } from './world.ts';

export interface Status {
  readonly state: 'down' | 'run' | 'finish' | 'unknown';
  readonly pid: number;
  readonly paused: number;
  readonly want: string;
  readonly term: number;
  /** Unix seconds. */
  readonly seconds: number;
  readonly nanoseconds: number;
}

const TAI_OFFSET = 4611686018427387914n;
const STATES = ['down', 'run', 'finish'] as const;

export function decodeStatus(bytes: Buffer): Status | undefined {
  if (bytes.length !== 20) return undefined;
  return {
    seconds: Number(bytes.readBigUInt64BE(0) - TAI_OFFSET),
    nanoseconds: bytes.readUInt32BE(8),
    pid: bytes.readUInt32LE(12),
    paused: bytes[16] ?? 0,
    want: String.fromCharCode(bytes[17] ?? 0),
    term: bytes[18] ?? 0,
    state: STATES[bytes[19] ?? 3] ?? 'unknown',
  };
}

/** The status of the service in `dir`, or undefined where there is none yet. */
export function statusOf(world: World, dir: string): Status | undefined {
  const bytes = readIf(world.path(dir, 'supervise/status'));
  return bytes && decodeStatus(bytes);
}

export function readIf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

export function statIf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** Type and permission bits, as `fifo 600`; a link's target, not its mode. */
export function kindOf(path: string): string {
  const stat = statIf(path);
  if (stat === undefined) return 'missing';
  if (stat.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  const type = stat.isFIFO() ? 'fifo' : stat.isDirectory() ? 'directory' : stat.isFile() ? 'file' : 'other';
  return `${type} ${(stat.mode & 0o7777).toString(8)}`;
}

/** Notes the directory itself and each file in it by type and mode. */
export function noteListing(world: World, dir: string): void {
  world.note(dir, kindOf(world.path(dir)));
  for (const name of readdirSync(world.path(dir)).sort()) {
    world.note(join(dir, name), kindOf(world.path(dir, name)));
  }
}

/** The status in words, without its time: `run pid=some paused=0 want=u term=0`. */
export function words(status: Status | undefined): string {
  if (status === undefined) return 'no status';
  const pid = status.pid === 0 ? 'none' : 'some';
  return `${status.state} pid=${pid} paused=${status.paused} want=${status.want} term=${status.term}`;
}
