// Essential services: one that ends for good ends its container, with its own exit code.
//
// A file `flag-essential` makes a service essential. When it has ended for good, its runsv writes the exit code to
// supervise/exitcode, one decimal number, and exits 125.
// Read next: ../../machine/service/table.ts (when a service has ended for good).
import type { Bytes } from '../../abi/bytes.ts';
import { isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import { ESSENTIAL_EXIT_CODE } from '../../machine/scan/table.ts';
import type { Diagnostics } from '../diagnostics.ts';
import { makeInstead, readThere } from '../trusted-file.ts';

/** s6-rc has the same name. */
export const ESSENTIAL_FLAG = 'flag-essential';

const LONGEST = 16;

/** `folder`: the path prefix of the service's directory, '' or a path that ends in a slash. */
const fileIn = (folder: Bytes): Bytes => `${folder}supervise/exitcode`;

/** Removes the exit code of an earlier life, whether the service still is essential or not. */
export const removeExitCode = (folder: Bytes): void => {
  sys.unlink(fileIn(folder));
};

/** What its runsv wrote; '' if there is nothing, or nothing to trust. */
const exitCodeText = (service: Bytes): Bytes => {
  const file = readThere(fileIn(`${service}/`), LONGEST);
  return file?.ours === true && /^\d{1,3}\n$/.test(file.text) ? file.text : '';
};

/** Whether the essential service in `service` has left its exit code. */
export const hasExitCode = (service: Bytes): boolean => exitCodeText(service) !== '';

/** Writes the exit code of the service in `folder`; returns the exit code for its runsv. */
export const writeExitCode = (diagnostics: Diagnostics, folder: Bytes, code: number): number => {
  const fd = makeInstead(fileIn(folder), 0o644);
  const put = isErrno(fd) ? fd : sys.write(fd, `${code}\n`);
  if (isErrno(put)) diagnostics.warn('unable to write supervise/exitcode', put);
  if (!isErrno(fd)) sys.close(fd);
  return ESSENTIAL_EXIT_CODE;
};

/** The exit code of the essential service in `service`; 125 if it cannot be read. */
export const readExitCode = (service: Bytes): number => {
  const text = exitCodeText(service);
  return text === '' ? ESSENTIAL_EXIT_CODE : Number(text) & 255;
};
