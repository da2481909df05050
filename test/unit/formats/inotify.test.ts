import { describe, expect, it } from 'vitest';
import { changedWatches, watchesIn, OVERFLOW } from '../../../src/formats/inotify.ts';

const event = (watch: number, name: string): string => {
  const size = name === '' ? 0 : Math.ceil((name.length + 1) / 16) * 16;
  const head = Buffer.alloc(16);
  head.writeInt32LE(watch, 0);
  head.writeUInt32LE(0x80, 4);
  head.writeUInt32LE(size, 12);
  return head.toString('latin1') + name.padEnd(size, '\0');
};

const NAMES = ['status', 'ok'];

describe('the news of an inotify descriptor', () => {
  it('are the watches with an event about one of the names', () => {
    const bytes = event(3, 'status') + event(1, 'pid') + event(70000, 'ok') + event(2, 'status.new');
    expect([...changedWatches(bytes, NAMES)]).toEqual([3, 70000]);
  });

  it('tell each watch once', () => {
    expect([...changedWatches(event(1, 'status') + event(1, 'status'), NAMES)]).toEqual([1]);
  });

  it('include that events were lost', () => {
    expect([...changedWatches(event(OVERFLOW, ''), NAMES)]).toEqual([OVERFLOW]);
  });

  it.each(['', 'short', event(1, 'status').slice(0, 15)])('are none in %j', (bytes) => {
    expect(changedWatches(bytes, NAMES).size).toBe(0);
  });

  it('end where an event claims to be longer than all there is, or shorter than nothing', () => {
    const lies = (size: number): string => {
      const head = Buffer.from(event(1, 'status'), 'latin1');
      head.writeUInt32LE(size, 12);
      return head.toString('latin1');
    };
    for (const size of [0xffffffff, 0xffffffe0, 0x80000000])
      expect([...changedWatches(lies(size), NAMES)]).toEqual([1]);
  });

  it('are none where the name is cut off', () => {
    expect(changedWatches(event(1, 'status').slice(0, 20), NAMES).size).toBe(0);
  });
});

describe('the news on a big-endian machine', () => {
  const event = Buffer.alloc(32);
  event.writeInt32BE(70000, 0);
  event.writeUInt32BE(0x80, 4);
  event.writeUInt32BE(16, 12);
  event.write('status', 16);
  const bytes = event.toString('latin1').repeat(2);

  it('are read in its byte order', () => {
    expect([...changedWatches(bytes, NAMES, true)]).toEqual([70000]);
    expect(watchesIn(bytes, true)).toEqual(new Set([70000]));
    expect(watchesIn('\xff\xff\xff\xff'.padEnd(16, '\0'), true)).toBeNull();
  });
});

describe('watches of any file', () => {
  const event = (watch: number, name: string): string => {
    const bytes = Buffer.alloc(16 + name.length);
    bytes.writeInt32LE(watch, 0);
    bytes.writeUInt32LE(name.length, 12);
    bytes.write(name, 16, 'latin1');
    return bytes.toString('latin1');
  };

  it('are those with events, each once', () => {
    expect(watchesIn(event(3, 'a\0\0\0') + event(5, '') + event(3, 'b\0\0\0'))).toEqual(new Set([3, 5]));
    expect(watchesIn('')).toEqual(new Set());
  });

  it('are not known where events were lost', () => expect(watchesIn(event(3, '') + event(-1, ''))).toBeNull());
});
