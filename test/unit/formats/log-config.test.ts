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
const faults = (text: string): readonly string[] => parseLogConfig(text).faults;
const udp = (text: string): LogConfig['udp'] => parseLogConfig(text).config.udp;

describe('a log configuration', () => {
  it.each([
    ['s5000\n', { sizeBytes: 5000 }],
    ['s4k\n', { sizeBytes: 4096 }],
    ['s2m\n', { sizeBytes: 2 * 1024 * 1024 }],
    ['s1g\n', { sizeBytes: 1 }],
    ['s 5\n', { sizeBytes: 0 }],
    ['s\n', { sizeBytes: 0 }],
    ['n0\n', { keep: 0, keepIsSaid: true }],
    ['n20x\n', { keep: 20, keepIsSaid: true }],
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
    ['n5\nn', { keep: 5, keepIsSaid: true }],
    ['pP\np\n', { prefix: 'P' }],
    ['!cat\n!\n', { processor: 'cat' }],
    ['!\np\n', {}],
    ['s18446744073709551616\n', { sizeBytes: 2 ** 52 }],
    ['s4503599627370496m\n', { sizeBytes: 2 ** 52 }],
    ['n7', { keep: 7, keepIsSaid: true }],
    ['n7\0s1\n', { keep: 7, keepIsSaid: true }],
    ['mode 0640\nowner log:adm\n', { mode: 0o640, owner: 'log:adm' }],
    ['mode=600\nowner=7\n', { mode: 0o600, owner: '7' }],
    ['s5\r\n-*x\r\n\r\n', { sizeBytes: 5, rules: [{ verdict: '-', pattern: '*x' }] }],
    ['s5\n-*x\r\n', { sizeBytes: 5, rules: [{ verdict: '-', pattern: '*x\r' }] }],
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

  it.each([
    ['s5000\nn7\nN3\nt1h\n!cat\npx\n+\n-\n# x\n\n', []],
    ['s\n', ['line 1: expected a number, using 0: s']],
    ['# x\nsx\n', ['line 2: expected a number, using 0: sx']],
    [
      's1g\nt5d\nn3x\nN2k\n',
      [
        'line 1: trailing text ignored, using 1 bytes: s1g',
        'line 2: trailing text ignored, using 5 seconds: t5d',
        'line 3: trailing text ignored, using 3 files: n3x',
        'line 4: trailing text ignored, using 2 files: N2k',
      ],
    ],
    ['s1kk\n', ['line 1: trailing text ignored, using 1024 bytes: s1kk']],
    ['n18446744073709551616\n', ['line 1: number too large, using 4503599627370496: n18446744073709551616']],
    ['!\np\n', ['line 1: empty value ignored: !', 'line 2: empty value ignored: p']],
    [
      'mode\nmode 0400\nmode 1777\nmode 8\nmode rw\n',
      [
        'line 1: unknown setting: mode',
        'line 2: expected a mode from 0600 to 0777: mode 0400',
        'line 3: expected a mode from 0600 to 0777: mode 1777',
        'line 4: expected a mode from 0600 to 0777: mode 8',
        'line 5: expected a mode from 0600 to 0777: mode rw',
      ],
    ],
    ['n7\0s1\n', ['line 1: text after a NUL byte ignored: n7']],
    ['s5\n-*x\r\n', ['line 2: ends with a carriage return: -*x']],
    ['s5\r\n#\r\n', ['carriage returns at the ends of all lines ignored']],
    ['\x1b[31m\xff\n', ['line 1: unknown setting: ?[31m?']],
  ])('tells what is wrong with %j', (text, wanted) => {
    expect(faults(text)).toEqual(wanted);
    expect(warnings(text)).toEqual([]);
  });

  it('reports a truncated pattern, and shows the start of a long one', () => {
    expect(faults(`+${'x'.repeat(65_536)}\n`)).toEqual([
      `line 1: pattern truncated to 65535 bytes: +${'x'.repeat(65)}`,
    ]);
    expect(faults(`+${'x'.repeat(65_535)}\n`)).toEqual([]);
  });

  it('reports ten faults, and how many more there are', () => {
    expect(faults('x\n'.repeat(10)).length).toBe(10);
    expect(faults('x\n'.repeat(500)).slice(9)).toEqual(['line 10: unknown setting: x', '490 more lines with errors']);
  });

  it('takes a config of a hundred thousand lines in a moment', () => {
    expect(parseLogConfig('+x\n'.repeat(100_000)).config.rules.length).toBe(100_000);
  });
});
