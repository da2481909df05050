import { describe, expect, it } from 'vitest';
import { AF_INET, AF_INET6, AF_UNIX } from '../../../src/abi/flags.ts';
import { hostAddress, parseListenAddress, pathAddress } from '../../../src/formats/socket-address.ts';

const hex = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('hex');
const inet6 = (host: string): string | null => {
  const address = hostAddress(`[${host}]`, 1);
  if (address === null) return null;
  expect([address.family, address.bytes.length]).toEqual([AF_INET6, 26]);
  return hex(address.bytes.slice(6, 22));
};

describe('a place to listen', () => {
  it('is an address and a port', () => {
    const address = parseListenAddress('127.0.0.1:9101');
    expect(address).toEqual({ family: AF_INET, bytes: `\x23\x8d\x7f\0\0\x01${'\0'.repeat(8)}`, path: null });
    expect(parseListenAddress('[::1]:65535')).toMatchObject({ family: AF_INET6, path: null });
    expect(parseListenAddress('0.0.0.0:1')).toMatchObject({ bytes: `\0\x01${'\0'.repeat(12)}` });
  });

  it('is a path', () => {
    expect(parseListenAddress('unix:/run/m:1')).toEqual({ family: AF_UNIX, bytes: '/run/m:1', path: '/run/m:1' });
    expect(parseListenAddress('unix:')).toEqual({ wrong: 'expected a path of 1 to 107 bytes, got 0' });
  });

  it.each([
    '',
    ':',
    ':9101',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1:+1',
    '127.0.0.01:1',
    '[::1:01.2.3.4]:1',
    '::1:9101',
  ])('is none of %s', (text) => {
    expect(parseListenAddress(text)).toEqual({
      wrong: `expected an address such as 127.0.0.1:9101, [::1]:9101 or unix:/run/metrics.sock, got '${text}'`,
    });
  });

  it('has no path longer than the kernel takes', () => {
    expect(pathAddress('x'.repeat(107))).toMatchObject({ family: AF_UNIX });
    expect(pathAddress('x'.repeat(108))).toEqual({ wrong: 'expected a path of 1 to 107 bytes, got 108' });
  });
});

describe('an IPv4 address', () => {
  it.each(['1.2.3', '1.2.3.4.5', '1.2.3.256', '1..3.4', '1.2.3.0004', 'a.b.c.d', ' 1.2.3.4'])(
    'is none of %s',
    (text) => {
      expect(hostAddress(text, 1)).toBeNull();
    },
  );
});

describe('an IPv6 address', () => {
  it.each([
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['1::', '00010000000000000000000000000000'],
    ['2001:DB8::a:b', '20010db80000000000000000000a000b'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::ffff:127.0.0.1', '00000000000000000000ffff7f000001'],
    ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304'],
  ])('%s', (text, expected) => {
    expect(inet6(text)).toBe(expected);
  });

  it.each([
    '',
    ':',
    ':::',
    '1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    '1::2::3',
    '12345::',
    'g::',
    '::1.2.3',
    '1.2.3.4::',
    '1.2.3.4::1',
    '::1%lo',
  ])('is none of %s', (text) => {
    expect(inet6(text)).toBeNull();
  });
});
