import { describe, expect, it } from 'vitest';
import { AF_INET, AF_INET6, AF_UNIX } from '../../../src/abi/flags.ts';
import { parseProbeTarget } from '../../../src/formats/probe-target.ts';

const web = { family: AF_INET, bytes: `\x1f\x90\x7f\0\0\x01${'\0'.repeat(8)}` };

describe('a target', () => {
  it('is a page', () => {
    expect(parseProbeTarget('http://127.0.0.1:8080/a?b=c')).toEqual({
      kind: 'page',
      addresses: [web],
      host: '127.0.0.1:8080',
      path: '/a?b=c',
    });
    expect(parseProbeTarget('http://127.0.0.1:8080?b')).toMatchObject({ path: '/?b' });
    expect(parseProbeTarget('http://[::1]')).toMatchObject({
      host: '[::1]',
      path: '/',
      addresses: [{ family: AF_INET6 }],
    });
    expect(parseProbeTarget('http://1.2.3.4/')).toMatchObject({
      addresses: [{ bytes: `\0\x50\x01\x02\x03\x04${'\0'.repeat(8)}` }],
    });
  });

  it('is a port', () => {
    expect(parseProbeTarget('tcp:127.0.0.1:8080')).toEqual({ kind: 'connection', addresses: [web] });
    expect(parseProbeTarget('tcp:localhost:8080')).toMatchObject({ addresses: [web, { family: AF_INET6 }] });
  });

  it('is a path', () => {
    const address = { family: AF_UNIX, bytes: '/run/a b' };
    expect(parseProbeTarget('unix:/run/a b')).toEqual({ kind: 'connection', addresses: [address] });
    expect(parseProbeTarget('file:a')).toEqual({ kind: 'file', path: 'a' });
  });

  it.each([
    ['', "expected http://HOST:PORT/PATH, tcp:HOST:PORT, unix:PATH or file:PATH, got ''"],
    [
      'https://127.0.0.1/',
      "expected http://HOST:PORT/PATH, tcp:HOST:PORT, unix:PATH or file:PATH, got 'https://127.0.0.1/'",
    ],
    ['http://example.com/', "expected an address or localhost, got 'example.com'"],
    ['http:///a', "expected an address or localhost, got ''"],
    ['http://127.0.0.1:/', "expected a port from 1 to 65535 in '127.0.0.1:'"],
    ['http://[::1]8080/', "expected an address or localhost, got '[::1]8080'"],
    ['http://127.0.0.1/a b', 'expected no blanks and control bytes in the address of a page'],
    ['tcp:127.0.0.1', "expected a port from 1 to 65535 in '127.0.0.1'"],
    ['tcp:127.0.0.1:70000', "expected a port from 1 to 65535 in '127.0.0.1:70000'"],
    ['tcp:::1:80', "expected a port from 1 to 65535 in '::1:80'"],
    ['tcp:', "expected a port from 1 to 65535 in ''"],
    ['unix:', 'expected a path of 1 to 107 bytes, got 0'],
    ['file:', 'expected the path of a file'],
  ])('is none of %j', (text, wrong) => {
    expect(parseProbeTarget(text)).toEqual({ wrong });
  });
});
