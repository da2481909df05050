import { describe, expect, it } from 'vitest';
import { errorText } from '../../../src/cli/errno.ts';
import { EACCES, ENOENT, ENXIO, EPERM } from '../../../src/abi/errno.ts';

describe('the text of a system error', () => {
  it.each([
    [ENOENT, 'file does not exist'],
    [EPERM, 'permission denied'],
    [EACCES, 'access denied'],
    [ENXIO, 'device not configured'],
    [9999, 'unknown error'],
    [0, 'unknown error'],
  ])('%d is %j, negative too', (errno, text) => {
    expect(errorText(errno)).toBe(text);
    expect(errorText(-errno)).toBe(text);
  });
});
