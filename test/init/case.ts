// What a case is, and the room it gets: a directory of its own, and whatever it starts ended with it.
//
// Read next: guest.ts (a system that was started), scenario.ts (what every one of them must do), cases/.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
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

export class CaseRoom implements Room {
  readonly dir: string;
  readonly name: string;
  readonly roots: Roots;
  readonly notes: string[] = [];
  readonly #ends: (() => Promise<unknown>)[] = [];

  constructor(base: string, index: number, roots: Roots) {
    this.name = `runitbox-${process.pid}-${index}`;
    this.dir = join(base, this.name);
    this.roots = roots;
    mkdirSync(this.dir, { mode: 0o755 });
  }

  onEnd(act: () => Promise<unknown>): void {
    this.#ends.push(act);
  }

  note(line: string): void {
    this.notes.push(line);
  }

  async close(): Promise<void> {
    for (const act of this.#ends.splice(0).reverse()) await act();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export function same<T>(what: string, got: T, wanted: T): void {
  if (JSON.stringify(got) === JSON.stringify(wanted)) return;
  throw new Error(`${what}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`);
}

export function wants(what: string, text: string, part: string): void {
  if (!text.includes(part)) throw new Error(`${what}: expected "${part}" in:\n${text}`);
}
