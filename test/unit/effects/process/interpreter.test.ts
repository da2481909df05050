// The reason why a file could not be executed, on the virtual kernel: which of the files involved is at fault.
import { describe, expect, it } from 'vitest';
import { execReason } from '../../../../src/effects/process/interpreter.ts';
import { EACCES, ENOENT, ENOEXEC } from '../../../../src/abi/errno.ts';
import { VirtualKernel } from '../../../sim/kernel/kernel.ts';

const reasonOf = (path: string, errno: number): string => {
  const kernel = new VirtualKernel();
  const { user } = kernel;
  user.folder('/dir');
  user.file('/ok', '#!/bin/sh\n', 0o755);
  user.file('/bin/sh', '\x7fELF', 0o755);
  user.file('/crlf', '#!/bin/sh\r\n', 0o755);
  user.file('/none', '#!/bin/nosh -e\n', 0o755);
  user.file('/outer', '#!/none\n', 0o755);
  user.file('/loop', '#!/loop\n', 0o755);
  user.file('/plain', '#!/bin/nosh\n', 0o644);
  let reason = '';
  kernel.run(
    () => {
      reason = execReason(path, errno);
      return 0;
    },
    { argv: ['chpst'] },
  );
  return reason;
};

const GONE = 'file does not exist';

describe('the reason why', () => {
  it.each([
    ['/missing', -ENOENT, GONE],
    ['/none', -ENOENT, `interpreter /bin/nosh: ${GONE}`],
    ['/outer', -ENOENT, `interpreter /bin/nosh: ${GONE}`],
    ['/crlf', -ENOENT, `interpreter /bin/sh\\r: ${GONE}, the line ends in CR LF`],
    ['/none', -EACCES, 'interpreter /bin/nosh: access denied'],
    ['/plain', -EACCES, 'access denied'],
    ['/dir', -EACCES, 'access denied'],
    ['/ok', -ENOENT, GONE],
    ['/loop', -ENOENT, GONE],
    ['/none', -ENOEXEC, 'exec format error'],
  ])('%s fails with %d is: %s', (path, errno, reason) => {
    expect(reasonOf(path, errno)).toBe(reason);
  });
});
