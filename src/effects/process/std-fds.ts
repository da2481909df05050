// Standard descriptors: none of our own files may become 0, 1 or 2, which programs write to.
import type { Fd } from '../../host/calls.ts';
import { isErrno } from '../../host/calls.ts';
import { O_RDONLY, O_RDWR } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';

const STANDARD: readonly Fd[] = [0, 1, 2] as unknown as readonly Fd[];

/** Opens standard descriptors that are missing when we start; the programs that we start do not inherit them. */
export const holdStandard = (): void => {
  for (const fd of STANDARD) {
    // the lowest free descriptor is taken, which is this one; without /dev any directory will do
    if (isErrno(sys.fstat(fd)) && isErrno(sys.open('/dev/null', O_RDWR, 0))) sys.open('/', O_RDONLY, 0);
  }
};

/** Standard input for the services, so that input from the terminal only reaches the main command. */
export const openNothing = (): Fd | null => {
  const fd = sys.open('/dev/null', O_RDONLY, 0);
  // without /dev: a directory cannot be read either
  const other = isErrno(fd) ? sys.open('/', O_RDONLY, 0) : fd;
  return isErrno(other) ? null : other;
};
