// Standard descriptors: none of our own files may come to lie on 0, 1 or 2, where programs write.
import type { Fd } from '../../host/calls.ts';
import { refused } from '../../host/calls.ts';
import { O_RDONLY, O_RDWR } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';

const STANDARD: readonly Fd[] = [0, 1, 2] as unknown as readonly Fd[];

/** Fills standard descriptors that we were started without; they are closed again for the programs that we start. */
export const holdStandard = (): void => {
  for (const fd of STANDARD) {
    // the lowest free descriptor is taken, which is this one; where there is no /dev any directory will do
    if (refused(sys.fstat(fd)) && refused(sys.open('/dev/null', O_RDWR, 0))) sys.open('/', O_RDONLY, 0);
  }
};

/** Standard input for the services, so that what is typed is for the main command alone. */
export const openNothing = (): Fd | null => {
  const fd = sys.open('/dev/null', O_RDONLY, 0);
  // where there is no /dev, a directory cannot be read either
  const other = refused(fd) ? sys.open('/', O_RDONLY, 0) : fd;
  return refused(other) ? null : other;
};
