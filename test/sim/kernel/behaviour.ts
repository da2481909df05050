// What the programs of a scenario do: data, no code, so that a failing scenario can be printed.
//
// A program lives for a while, or until a signal, or until its input ends; meanwhile it may write. Everything that a
// service, a log service, a finish or a control script can do to its supervisor is one of these.
// Read next: conduct.ts (who carries it out), kernel.ts (program(): a file that behaves so).
import type { Process } from './processes.ts';
import type { World } from './world.ts';

/** What a program does about a signal; what is not listed gets the signal's default. */
export type Reaction =
  | 'die'
  | 'ignore'
  /** ends by itself a while later */
  | { readonly exitAfterMs: number; readonly code: number };

/** Bytes that come out of a program. A full pipe stops it, and its later writes, until there is room. */
export interface Writing {
  /** The descriptor, default 1. */
  readonly fd?: number;
  readonly bytes: string;
  /** After the start, default 0. */
  readonly afterMs?: number;
  /** Again and again; default once. */
  readonly everyMs?: number;
  /** How often at most. */
  readonly times?: number;
}

export interface Behaviour {
  /** Default 'forever'. */
  readonly livesMs?: number | 'forever';
  /** How it ends then, or at the end of its input: default 0. */
  readonly exit?: number | { readonly signal: number };
  readonly onTerm?: Reaction;
  /** Reactions to other signals, by number. */
  readonly on?: Readonly<Record<number, Reaction>>;
  /** A log service: takes what its standard input has, and ends when that ends. */
  readonly readsStdinUntilEof?: boolean;
  /** What it took is kept: ProgramRecord.input. Without this only bytes and lines are counted. */
  readonly keepsInput?: boolean;
  readonly writes?: readonly Writing[];
  /** Started with it, holding the same descriptors; they stay when it ends. */
  readonly children?: readonly Child[];
  /** What is counted as one program; default its file's path. */
  readonly key?: string;
  /** For what data cannot say. Runs as part of the event, in the name of the process. */
  readonly onStart?: (process: Process, world: World) => void;
  readonly onEnd?: (process: Process, world: World) => void;
}

export interface Child {
  readonly key: string;
  readonly behaviour: Behaviour;
}

/** Who is being started, for scenarios that decide by it. */
export interface Started {
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly process: Process;
}

/** A behaviour, or the choice of one at each start. */
export type Program = Behaviour | ((started: Started) => Behaviour);

/** What happened to one program over a scenario. */
export class ProgramRecord {
  readonly key: string;
  live = 0;
  mostLive = 0;
  starts = 0;
  bytesRead = 0;
  linesRead = 0;
  /** To standard output. */
  bytesWritten = 0;
  input = '';

  constructor(key: string) {
    this.key = key;
  }
}
