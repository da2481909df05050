// The words for errors of sockets, beside those that runit's programs have.
//
// Read next: ../cli/errno.ts.
import * as errno from '../abi/errno.ts';
import { errorText } from '../cli/errno.ts';

const TEXTS: Readonly<Record<number, string>> = {
  [errno.EADDRINUSE]: 'address already in use',
  [errno.EADDRNOTAVAIL]: 'address not available on this machine',
  [errno.EAFNOSUPPORT]: 'address family not supported',
  [errno.ECONNREFUSED]: 'connection refused',
  [errno.ECONNRESET]: 'connection reset',
  [errno.EHOSTUNREACH]: 'host unreachable',
  [errno.ENETUNREACH]: 'network unreachable',
};

/** The text for an errno, given as it is or negated. */
export const socketErrorText = (error: number): string => TEXTS[Math.abs(error)] ?? errorText(error);
