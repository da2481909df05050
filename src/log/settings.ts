// What svlogd was told on its command line, as values that everything in this folder reads.
//
// Read next: piece.ts (what flows), loop.ts.
import type { Bytes } from '../abi/bytes.ts';
import type { StampStyle } from '../formats/stamp.ts';
import type { Voice } from './voice.ts';

/** Whom a file is given to; group -1: it keeps the one it has. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** How lines look on standard output. */
export type StreamForm = 'text' | 'json';

export interface Settings {
  readonly voice: Voice;
  readonly stampStyle: StampStyle;
  /** The first bytes of a line, which are matched and replaced: more than that is passed as it is. */
  readonly lineBytes: number;
  /** The replacement of every byte, 256 of them; '': nothing is replaced. */
  readonly table: Bytes;
  /** Lines go to standard output too; null: they do not. */
  readonly stream: { readonly form: StreamForm; readonly service: Bytes } | null;
  /** Looks up `user[:group]`; null: there is none of that name. */
  ownerNamed(text: Bytes): Owner | null;
}
