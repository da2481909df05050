// Why a program could not be executed, if the kernel's error is not about the file itself but about its interpreter.
//
// Promises: reads only regular files, never waits; if it finds no better reason, returns the error's own text.
// Read next: ../../formats/interpreter.ts (what a file's head says).
import { errorText } from '../../cli/errno.ts';
import { interpreterFault, interpreterIn } from '../../formats/interpreter.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { isErrno } from '../../host/calls.ts';
import { EACCES, ELOOP, ENOENT, ENOTDIR } from '../../abi/errno.ts';
import { O_NOCTTY, O_NONBLOCK, O_RDONLY, S_IFMT, S_IFREG } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';

const X_OK = 1;
const HEAD_BYTES = 4096;
/** How many scripts may be each other's interpreter, as in the kernel. */
const MOST_SCRIPTS = 5;

/** The errors of a missing interpreter, which are also those of a missing file. */
const OF_A_NAME: readonly number[] = [-ENOENT, -EACCES, -ENOTDIR, -ELOOP];

const isProgram = (path: Bytes): boolean => {
  const stat = sys.stat(path);
  return !isErrno(stat) && (stat[0] & S_IFMT) === S_IFREG && !isErrno(sys.access(path, X_OK));
};

const headOf = (path: Bytes): Bytes => {
  const fd = sys.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  if (isErrno(fd)) return '';
  const head = sys.read(fd, HEAD_BYTES);
  sys.close(fd);
  return isErrno(head) ? '' : head;
};

/** Why `path` could not be executed: `errno` in words, and the interpreter if that is the reason. */
export const execReason = (path: Bytes, errno: number): Bytes => {
  const own = errorText(errno);
  if (!OF_A_NAME.includes(errno)) return own;
  let interpreter: Bytes | null = null;
  let at: Bytes | null = path;
  for (let scripts = 0; at !== null && scripts < MOST_SCRIPTS; scripts++) {
    if (!isProgram(at)) return interpreter === null ? own : interpreterFault(interpreter, own);
    interpreter = interpreterIn(headOf(at));
    at = interpreter;
  }
  return own;
};
