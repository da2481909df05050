// Essential services: one that is over for good ends the container that it is in, with its own exit code.
//
// A file `flag-essential` makes a service essential. The runsv of one that is over leaves how it ended in
// supervise/exitcode, one decimal number, and itself exits 125.
// Read next: ../../machine/service/table.ts (when a service is over).
import type { Bytes } from '../../abi/bytes.ts';
import { refused } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import { ESSENTIAL_EXIT_CODE } from '../../machine/scan/table.ts';
import type { Voice } from '../messages.ts';
import { makeInstead, readThere } from '../trusted-file.ts';

/** The name is s6-rc's. */
export const ESSENTIAL_FLAG = 'flag-essential';

const LONGEST = 16;

/** `folder`: what leads to the service's directory, '' or a path that ends in a slash. */
const fileIn = (folder: Bytes): Bytes => `${folder}supervise/exitcode`;

/** How the service in `folder` once ended is no news any more, whether it still is essential or not. */
export const removeExitCode = (folder: Bytes): void => {
  sys.unlink(fileIn(folder));
};

/** What its runsv has left; '' for nothing, or nothing that can be believed. */
const exitCodeText = (service: Bytes): Bytes => {
  const file = readThere(fileIn(`${service}/`), LONGEST);
  return file?.ours === true && /^\d{1,3}\n$/.test(file.text) ? file.text : '';
};

/** Whether the essential service in `service` has told how it ended. */
export const hasExitCode = (service: Bytes): boolean => exitCodeText(service) !== '';

/** Tells how the service in `folder` ended; the exit code for its runsv. */
export const writeExitCode = (voice: Voice, folder: Bytes, code: number): number => {
  const fd = makeInstead(fileIn(folder), 0o644);
  const put = refused(fd) ? fd : sys.write(fd, `${code}\n`);
  if (refused(put)) voice.warn('unable to write supervise/exitcode', put);
  if (!refused(fd)) sys.close(fd);
  return ESSENTIAL_EXIT_CODE;
};

/** How the essential service in `service` ended; 125 where that cannot be read. */
export const readExitCode = (service: Bytes): number => {
  const text = exitCodeText(service);
  return text === '' ? ESSENTIAL_EXIT_CODE : Number(text) & 255;
};
