// The words that runit's programs have for system errors. People and tools match on them, so they are not libc's.
//
// EPERM and EACCES have the texts one would expect the other way round; that is how the table has always been.
import * as linux from '../host/linux.ts';

const texts: Readonly<Record<number, string>> = {
  [linux.ENOENT]: 'file does not exist',
  [linux.EACCES]: 'access denied',
  [linux.EPERM]: 'permission denied',
  [linux.EAGAIN]: 'temporary failure',
  [linux.ENOTDIR]: 'not a directory',
  [linux.EISDIR]: 'is a directory',
  [linux.ENXIO]: 'device not configured',
  [linux.ENODEV]: 'device does not support operation',
  [linux.EEXIST]: 'file already exists',
  [linux.ENOTEMPTY]: 'directory not empty',
  [linux.ENOEXEC]: 'exec format error',
  [linux.ETXTBSY]: 'text busy',
  [linux.ENOSPC]: 'out of disk space',
  [linux.EDQUOT]: 'disk quota exceeded',
  [linux.EROFS]: 'read-only file system',
  [linux.EIO]: 'input/output error',
  [linux.ENOMEM]: 'out of memory',
  [linux.EINTR]: 'interrupted system call',
  [linux.EINVAL]: 'invalid argument',
  [linux.EBADF]: 'file descriptor not open',
  [linux.EMFILE]: 'process cannot open more files',
  [linux.ENFILE]: 'system cannot open more files',
  [linux.ELOOP]: 'symbolic link loop',
  [linux.ENAMETOOLONG]: 'file name too long',
  [linux.EPIPE]: 'broken pipe',
  [linux.EFBIG]: 'file too big',
  [linux.ESRCH]: 'no such process',
  [linux.ECHILD]: 'no child processes',
  [linux.EBUSY]: 'device busy',
  [linux.EXDEV]: 'cross-device link',
  [linux.E2BIG]: 'argument list too long',
  [linux.ESPIPE]: 'unseekable descriptor',
  [linux.ETIMEDOUT]: 'timed out',
  [linux.ENOLCK]: 'no locks available',
  [linux.ENOSYS]: 'system call not available',
};

/** The text for an errno, given as it is or negated. */
export const errorText = (errno: number): string => texts[Math.abs(errno)] ?? 'unknown error';
