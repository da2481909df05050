// Words for a shell: quoted where they need it. Pure.
import type { Bytes } from '../abi/bytes.ts';

const PLAIN = /^[\w@%+=:,./-]+$/;

/** One word, as sh takes it. */
export const shellWord = (word: Bytes): Bytes => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
