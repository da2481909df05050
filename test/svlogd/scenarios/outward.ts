// What leaves the directory: processors, UDP, and what a full disk does.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { maskText } from '../masks.ts';
import type { Scenario } from '../scenario.ts';
import type { Session } from '../session.ts';

const processed = (title: string, config: string, input: string): Scenario => ({
  title: `a processor: ${title}`,
  async run(session) {
    session.dir('d', config);
    const logger = session.start(['-l', '5']);
    session.write(input);
    await session.finish(logger);
  },
});

const PROCESSED: readonly Scenario[] = [
  processed('what it prints is kept', 's10\n!tr 0-9 a-j\n', '0123456789\nabc\n'),
  processed(
    'one after the other',
    's10\nn3\n!sed s/x/y/g\n',
    Array.from({ length: 12 }, (_, n) => `xx ${n}\n`).join(''),
  ),
  processed(
    'state goes from run to run',
    's10\n!cat <&4; (cat <&4; echo s) >&5; tr 0-9 a-j\n',
    '0123456789\n0123456789\nabc\n',
  ),
  processed('its directory and its words', 's10\n!basename "$PWD"; echo "$0 $#"; wc -c\n', '0123456789\n'),
  processed('it prints nothing', 's10\n!cat > /dev/null\n', '0123456789\nabc\n'),
  processed('it does not read', 's10\n!echo no\n', '0123456789\nabc\n'),
  processed(
    'its descriptors',
    's10\n!ls /proc/self/fd | grep -c . | grep -q . && for f in 0 1 4 5; do test -e /proc/self/fd/$f && echo $f; done\n',
    '0123456789\n',
  ),
  processed('without a rotation it does not run', 's1000\n!cat\n', 'abc\n'),
  processed('state that stands there', 's10\n!cat <&4\n', '0123456789\n'),
];

const alarmProcessor: Scenario = {
  title: 'a processor: ALRM rotates through it',
  async run(session) {
    session.dir('d', '!tr a-z A-Z\n');
    const logger = session.start(['-v']);
    session.write('one\n');
    await session.logs('one\n');
    logger.signal('SIGALRM');
    await session.until('a processed file', () => session.rotated().length === 1);
    session.note('processed', readFileSync(session.path('d', session.rotated()[0] ?? ''), 'latin1'));
    session.closeInput();
    session.note('end', await session.ended(logger));
    session.note('left', session.files().filter((name) => /\.[ut]$/.test(name)).length);
  },
};

const retried: Scenario = {
  title: 'a processor: one that fails is run again, and nothing of its failed run is kept',
  async run(session) {
    session.dir('d', 's10\n!if test -e ran; then cat; else : > ran; echo garbage; exit 1; fi\n');
    const logger = session.start(['-l', '5']);
    session.write('0123456789\n');
    await session.until('a processed file', () => session.rotated().length === 1);
    await session.finish(logger);
  },
};

const listen = async (): Promise<{ socket: Socket; port: number; heard: string[] }> => {
  const socket = createSocket('udp4');
  const heard: string[] = [];
  socket.on('message', (data) => void heard.push(data.toString('latin1')));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { socket, port: socket.address().port, heard };
};

const udp = (title: string, key: string, more: string, options: readonly string[], count: number): Scenario => ({
  title: `UDP: ${title}`,
  async run(session) {
    const { socket, port, heard } = await listen();
    try {
      session.dir('d', `${key}127.0.0.1:${port}\n${more}`);
      const logger = session.start(options);
      session.write('one\nexcept me\n0123456789\nthe last line\n');
      const arrived = (async () => {
        while (heard.length < count) await once(socket, 'message');
      })();
      await Promise.race([arrived, session.until('datagrams', () => heard.length >= count)]);
      session.closeInput();
      session.note('end', await session.ended(logger));
      session.note('heard', maskText(JSON.stringify(heard)));
      session.note('log', maskText(session.logged()));
      session.note('stderr', session.said());
    } finally {
      socket.close();
    }
  },
});

const refusedUdp: Scenario = {
  title: 'UDP: what cannot be sent is told in the log',
  async run(session) {
    session.dir('d', 'U255.255.255.255:9\n');
    const logger = session.start([]);
    session.write('one\ntwo\n');
    session.closeInput();
    session.note('end', await session.ended(logger));
    session.note('log', session.logged());
  },
};

const PAGE = 4096;

/** Fills what is left of a file system. */
const fill = (session: Session, dir: string, bytes: number): void => {
  writeFileSync(session.path(dir, 'ballast'), Buffer.alloc(bytes));
};

const fullDisk: Scenario = {
  title: 'a full disk: it says so, waits, and goes on with nothing lost',
  needs: 'root',
  async run(session) {
    session.mount('d', 16 * PAGE);
    session.dir('d', 's1000000\n');
    const logger = session.start([]);
    session.write('first\n');
    await session.logs('first\n');
    fill(session, 'd', 14 * PAGE);
    const lines = Array.from({ length: 300 }, (_, n) => `line ${n} of many that are too many\n`).join('');
    session.write(lines);
    await session.says('out of disk space');
    session.note('said', session.said().split('\n')[0] ?? '');
    rmSync(session.path('d', 'ballast'));
    await session.logs('line 299 of many that are too many\n');
    session.note('nothing lost', session.logged() === `first\n${lines}`);
    session.closeInput();
    session.note('end', await session.ended(logger));
  },
};

const keptOnFullDisk: Scenario = {
  title: 'a full disk: where all old files are kept none is given up',
  needs: 'root',
  async run(session) {
    session.mount('d', 16 * PAGE);
    session.dir('d', 's9000\nn0\nN2\n');
    const lines = Array.from({ length: 1500 }, (_, n) => `line ${n} of many that are too many, as it seems\n`).join('');
    const logger = session.start(['-l', '100', '-b', '1024']);
    session.write(lines.slice(0, 65_000));
    await session.says('out of disk space');
    session.note('the first line', session.logged().startsWith('line 0 of many'));
    session.note('given up', session.said().includes('delete'));
    await logger.kill();
  },
};

const sacrifice: Scenario = {
  title: 'a full disk: with N old files are given up for new lines',
  needs: 'root',
  async run(session) {
    session.mount('d', 16 * PAGE);
    session.dir('d', 's9000\nn20\nN2\n');
    const logger = session.start(['-l', '100', '-b', '1024']);
    const lines = Array.from({ length: 1100 }, (_, n) => `line ${n} of many that are too many, as it seems\n`).join('');
    for (let at = 0; at < lines.length; at += 11_000) {
      session.write(lines.slice(at, at + 11_000));
      const sent = lines.slice(0, at + 11_000);
      await session.until('the lines', () => session.newest().endsWith(sent.slice(-200, sent.lastIndexOf('\n') + 1)));
    }
    session.closeInput();
    session.note('end', await session.ended(logger));
    const log = session.logged();
    session.note('the newest are there', lines.endsWith(log.slice(log.indexOf('\n') + 1)));
    session.note(
      'said',
      new Set(
        session
          .said()
          .replace(/@STAMP/g, '@')
          .split('\n'),
      ).size,
    );
    session.noteDir();
  },
};

export const OUTWARD: readonly Scenario[] = [
  ...PROCESSED,
  alarmProcessor,
  retried,
  udp('besides the file', 'u', '', [], 4),
  udp('in place of the file', 'U', '', [], 4),
  udp('with a prefix and a stamp', 'u', 'pPRE \n', ['-t'], 4),
  udp('selected lines alone, cut', 'u', '-except*\n', ['-l', '10'], 3),
  udp('replaced bytes', 'U', '', ['-R', 'e', '-l', '10', '-b', '30'], 4),
  refusedUdp,
  fullDisk,
  sacrifice,
  keptOnFullDisk,
];
