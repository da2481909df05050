// svlogd's command line as values.
//
// Read next: framing.ts (chunks of lines), loop.ts.
import type { Bytes } from '../abi/bytes.ts';
import type { StampStyle } from '../formats/stamp.ts';
import type { Diagnostics } from './diagnostics.ts';

/** The owner of files; gid -1: the group is not changed. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** The format of lines on standard output. */
export type StreamForm = 'text' | 'json';

export interface Settings {
  readonly diagnostics: Diagnostics;
  readonly stampStyle: StampStyle;
  /** Patterns and replacements apply to this many first bytes of a line. */
  readonly lineBytes: number;
  /** The replacement for each of the 256 bytes; '': none. */
  readonly table: Bytes;
  /** Output to standard output; null: none. */
  readonly stream: { readonly form: StreamForm; readonly service: Bytes } | null;
  /** Looks up `user[:group]`; null: unknown. */
  lookUpOwner(text: Bytes): Owner | null;
}
