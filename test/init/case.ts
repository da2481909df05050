// What a case is, and the room it gets: a directory of its own, and whatever it starts ended with it.
//
// Read next: guest.ts (a system that was started), scenario.ts (what every one of them must do), cases/.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Hands } from '../lib/runner.ts';
import type { Debian, Roots } from './roots.ts';

export interface Room {
  /** Of this case alone; root in a user namespace may look in. */
  readonly dir: string;
  readonly name: string;
  readonly roots: Roots;
  /** To be done when the case is over, the last first. */
  onEnd(act: () => Promise<unknown>): void;
  /** A line for the report. */
  note(line: string): void;
}

export interface Case {
  /** A sentence that must hold. */
  readonly title: string;
  /** The root of Debian's that it starts from. */
  readonly from?: Debian;
  readonly attempt: (room: Room) => Promise<void>;
  /** Why it cannot be tried on this machine; undefined where it can. */
  readonly skipReason?: () => string | undefined;
}

/** The room of case number `index`; what is in it goes when the case is over. */
export function makeRoom(base: string, index: number, roots: Roots, { defer, note }: Hands): Room {
  const name = `runitbox-${process.pid}-${index}`;
  const dir = join(base, name);
  mkdirSync(dir, { mode: 0o755 });
  defer(() => rmSync(dir, { recursive: true, force: true }));
  const onEnd = (act: () => Promise<unknown>): void => defer(() => act().then(() => undefined));
  return { dir, name, roots, onEnd, note };
}

export function same<T>(what: string, got: T, wanted: T): void {
  if (JSON.stringify(got) === JSON.stringify(wanted)) return;
  throw new Error(`${what}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`);
}

export function wants(what: string, text: string, part: string): void {
  if (!text.includes(part)) throw new Error(`${what}: expected "${part}" in:\n${text}`);
}
