// Reading variables from files: an environment directory, an environment file.
//
// Promises: what cannot be read is Fatal, in chpst's words; of a file in a directory no more is read than its first line.
// Read next: ../formats/environment.ts (what the bytes mean).
import { parseEnvFile, type VariableChange, variableIn } from '../formats/environment.ts';
import { isWrong } from '../formats/wrong.ts';
import { type Bytes, type Errno, type Fd, refused } from '../host/calls.ts';
import { EISDIR, ENOENT, O_NONBLOCK, O_RDONLY } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import type { Subdirectories } from '../machine/change.ts';
import { Fatal, reason, type Voice } from './messages.ts';

const PIECE_BYTES = 65536;

/** The content, up to the piece with the first `until` where that is not ''. */
const readPieces = (fd: Fd, until: Bytes): Bytes | Errno => {
  let content = '';
  for (;;) {
    const piece = sys.read(fd, PIECE_BYTES);
    if (refused(piece)) return piece;
    content += piece;
    // the end of a file is behind a piece that is not full; a pipe's is where nothing comes
    if (piece === '' || (until !== '' && piece.includes(until))) return content;
  }
};

const readFile = (path: Bytes, until: Bytes): Bytes | Errno => {
  const fd = sys.open(path, O_RDONLY | O_NONBLOCK, 0);
  if (refused(fd)) return fd;
  const content = readPieces(fd, until);
  sys.close(fd);
  return content;
};

export interface EnvDirectory {
  readonly path: Bytes;
  readonly subdirectories: Subdirectories;
}

/** What the files of a directory make of the environment, in the order in which it lists them. */
export const readEnvDirectory = (voice: Voice, { path, subdirectories }: EnvDirectory): readonly VariableChange[] => {
  const names = sys.readdir(path);
  if (refused(names)) throw new Fatal(reason(`unable to switch to directory: ${path}`, names));
  const changes: VariableChange[] = [];
  for (const name of names) {
    if (name[0] === '.') continue;
    const content = readFile(`${path}/${name}`, '\n');
    // a name that leads nowhere says what an empty file says
    if (content === -ENOENT) changes.push({ name, value: null });
    else if (content === -EISDIR && subdirectories !== 'refuse') {
      if (subdirectories === 'warn') voice.warn(`unable to read ${path}/${name}`, EISDIR);
    } else if (refused(content)) throw new Fatal(reason(`unable to read ${path}/${name}`, content));
    else changes.push({ name, value: variableIn(content) });
  }
  return changes;
};

/** What a file in Docker's format makes of the environment `environ`. */
export const readEnvFile = (path: Bytes, environ: readonly Bytes[]): readonly VariableChange[] => {
  const content = readFile(path, '');
  if (refused(content)) throw new Fatal(reason(`unable to read ${path}`, content));
  const changes = parseEnvFile(content, environ);
  if (isWrong(changes)) throw new Fatal(`unable to read ${path}: ${changes.wrong}`);
  return changes;
};
