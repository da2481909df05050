// A service directory as `sv lint` sees it: what lies in it, before it is used.
//
// Read next: read.ts (who looks), rules.ts (who judges).
import type { Bytes } from '../../abi/bytes.ts';

export type Kind = 'file' | 'directory' | 'other' | 'dangling' | 'missing';

/** What is under a name; links are followed. */
export interface Entry {
  readonly kind: Kind;
  /** Whether we may execute it: for root, whether anybody may. */
  readonly executable: boolean;
  /** Whether others than its owner may write it. */
  readonly writable: boolean;
  /** Its beginning; '' for what is no file. */
  readonly text: Bytes;
  /** Why what is named in its `#!` line, or as its loader, cannot run it; null: it can. */
  readonly fault: Bytes | null;
}

/** An entry of dependencies.d. */
export interface Dependency {
  readonly name: Bytes;
  readonly text: Bytes;
  /** Whether there is a service of this name beside. */
  readonly isThere: boolean;
}

export interface Directory {
  /** As it was named, for messages. */
  readonly name: Bytes;
  /** The service's own name: the last component. */
  readonly service: Bytes;
  readonly self: Entry;
  /** Every name in it, sorted. */
  readonly names: readonly Bytes[];
  /** By path below the directory: `run`, `log/run`, `control/t`; what is not here is missing. */
  readonly entries: ReadonlyMap<Bytes, Entry>;
  readonly dependencies: readonly Dependency[];
  /** The names on the way from the service back to itself, by dependencies; null: there is none. */
  readonly cycle: readonly Bytes[] | null;
  /** `supervise` is a link to a place whose parent is missing. */
  readonly superviseLost: Bytes | null;
}

export interface Finding {
  readonly level: 'error' | 'warning';
  readonly what: Bytes;
}

export const MISSING: Entry = { kind: 'missing', executable: false, writable: false, text: '', fault: null };

export const entryAt = (directory: Directory, path: Bytes): Entry => directory.entries.get(path) ?? MISSING;
