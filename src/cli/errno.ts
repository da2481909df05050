// The words that runit's programs have for system errors. People and tools match on them, so they are not libc's.
//
// EPERM and EACCES have the texts one would expect the other way round; that is how the table has always been.
import * as errno from '../abi/errno.ts';

const texts: Readonly<Record<number, string>> = {
  [errno.ENOENT]: 'file does not exist',
  [errno.EACCES]: 'access denied',
  [errno.EPERM]: 'permission denied',
  [errno.EAGAIN]: 'temporary failure',
  [errno.ENOTDIR]: 'not a directory',
  [errno.EISDIR]: 'is a directory',
  [errno.ENXIO]: 'device not configured',
  [errno.ENODEV]: 'device does not support operation',
  [errno.EEXIST]: 'file already exists',
  [errno.ENOTEMPTY]: 'directory not empty',
  [errno.ENOEXEC]: 'exec format error',
  [errno.ETXTBSY]: 'text busy',
  [errno.ENOSPC]: 'out of disk space',
  [errno.EDQUOT]: 'disk quota exceeded',
  [errno.EROFS]: 'read-only file system',
  [errno.EIO]: 'input/output error',
  [errno.ENOMEM]: 'out of memory',
  [errno.EINTR]: 'interrupted system call',
  [errno.EINVAL]: 'invalid argument',
  [errno.EBADF]: 'file descriptor not open',
  [errno.EMFILE]: 'process cannot open more files',
  [errno.ENFILE]: 'system cannot open more files',
  [errno.ELOOP]: 'symbolic link loop',
  [errno.ENAMETOOLONG]: 'file name too long',
  [errno.EPIPE]: 'broken pipe',
  [errno.EFBIG]: 'file too big',
  [errno.ESRCH]: 'no such process',
  [errno.ECHILD]: 'no child processes',
  [errno.EBUSY]: 'device busy',
  [errno.EXDEV]: 'cross-device link',
  [errno.E2BIG]: 'argument list too long',
  [errno.ESPIPE]: 'unseekable descriptor',
  [errno.ETIMEDOUT]: 'timed out',
  [errno.ENOLCK]: 'no locks available',
  [errno.ENOSYS]: 'system call not available',
};

/** The text for an errno, given as it is or negated. */
export const errorText = (errno: number): string => texts[Math.abs(errno)] ?? 'unknown error';
