import { describe, expect, it } from 'vitest';
import { DEFAULT_LOG_CONFIG, type LogConfig, parseLogConfig } from '../../../src/formats/log-config.ts';

const read = (text: string): Partial<LogConfig> => {
  const { config } = parseLogConfig(text);
  const changed = Object.entries(config).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(DEFAULT_LOG_CONFIG[key as keyof LogConfig]),
  );
  return Object.fromEntries(changed);
};

const warnings = (text: string): readonly string[] => parseLogConfig(text).warnings;
const udp = (text: string): LogConfig['udp'] => parseLogConfig(text).config.udp;

describe('a log configuration', () => {
  it.each([
    ['s5000\n', { sizeBytes: 5000 }],
    ['s4k\n', { sizeBytes: 4096 }],
    ['s2m\n', { sizeBytes: 2 * 1024 * 1024 }],
    ['s1g\n', { sizeBytes: 1 }],
    ['s 5\n', { sizeBytes: 0 }],
    ['s\n', { sizeBytes: 0 }],
    ['n0\n', { keep: 0 }],
    ['n20x\n', { keep: 20 }],
    ['N3\n', { keepOnFullDisk: 3 }],
    ['t90\n', { ageSec: 90 }],
    ['t2m\n', { ageSec: 120 }],
    ['t1h\n', { ageSec: 3600 }],
    ['!gzip -9\n', { processor: 'gzip -9' }],
    ['pweb: \n', { prefix: 'web: ' }],
    ['s1\ns2\n', { sizeBytes: 2 }],
    ['# s1\n\nzzz\n s1\n', {}],
    ['', {}],
    ['n', {}],
    ['n5\nn', { keep: 5 }],
    ['pP\np\n', { prefix: 'P' }],
    ['!cat\n!\n', { processor: 'cat' }],
    ['!\np\n', {}],
    ['s18446744073709551616\n', { sizeBytes: 2 ** 52 }],
    ['s4503599627370496m\n', { sizeBytes: 2 ** 52 }],
    ['n7', { keep: 7 }],
    ['n7\0s1\n', { keep: 7 }],
  ] as const)('%j says %j', (text, wanted) => {
    expect(read(text)).toEqual(wanted);
    expect(warnings(text)).toEqual([]);
  });

  it('keeps patterns for the log and for standard error apart, in order', () => {
    expect(read('-*\n+a*\nex\nE*\n')).toEqual({
      rules: [
        { verdict: '-', pattern: '*' },
        { verdict: '+', pattern: 'a*' },
      ],
      alarmRules: [
        { verdict: '+', pattern: 'x' },
        { verdict: '-', pattern: '*' },
      ],
    });
  });

  it('takes an address with a port, and 514 without', () => {
    expect(udp('u1.2.3.4:99\n')).toEqual({ address: '\x01\x02\x03\x04', port: 99, only: false });
    expect(udp('U255.0.0.1\n')).toEqual({ address: '\xff\0\0\x01', port: 514, only: true });
  });

  it('reads numbers of an address as C does: each modulo 256, the port modulo 65536, what follows passed over', () => {
    expect(udp('u300.1.1.1.5\n')).toEqual({ address: '\x2c\x01\x01\x01', port: 514, only: false });
    expect(udp('u1.1.1.1:70000x\n')).toEqual({ address: '\x01\x01\x01\x01', port: 4464, only: false });
  });

  it.each(['', '1.2.3', ' 1.2.3.4', 'abc', '1..2.3', '1.2.3-4'])('tells of %j that it is no address', (text) => {
    expect(warnings(`u${text}\n`)).toEqual([`unable to scan ip address: ${text}`]);
    expect(udp(`u${text}\n`)).toBeNull();
  });

  it.each(['', 'x', '0'])('tells of %j that it is no port, and takes the port before it', (text) => {
    expect(warnings(`u9.9.9.9:7\nu1.1.1.1:${text}\n`)).toEqual([`unable to scan port number: ${text}`]);
    expect(udp(`u9.9.9.9:7\nu1.1.1.1:${text}\n`)?.port).toBe(7);
    expect(udp(`u1.1.1.1:${text}\n`)?.port).toBe(514);
  });
});
