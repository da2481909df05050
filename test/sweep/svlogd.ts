// svlogd, fed with numbered lines through a pipe that outlives it.
//
// Promises: refused once, each line is there once and whole; killed, those that it had read and not yet written may be
// lost or cut, and none after.
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { MARK } from '../lib/proc.ts';
import { sleep } from '../lib/wait.ts';
import { comes, hears, SIGHUP } from './subject.ts';
import type { Stage, Target } from './targets.ts';

const LINES = 900;
/** So many are written at once. */
const BATCH = 30;
/** What a svlogd that is killed may have read and not written. */
const LOST_MAX = 2500;

class Logger {
  child: ChildProcess;
  said = '';
  /** How the present one ended, once all that it said is there. */
  #end: number | NodeJS.Signals | null = null;
  readonly #stage: Stage;
  readonly #input: number;
  #failed = false;

  constructor(stage: Stage, input: number) {
    this.#stage = stage;
    this.#input = input;
    this.child = this.#start(stage.inject);
  }

  #start(wrap: readonly string[]): ChildProcess {
    const { world, bin } = this.#stage;
    const [first = '', ...rest] = [...wrap, `${bin}/real/svlogd`, `${world.dir}/log`];
    const env = { PATH: '/usr/bin:/bin', [MARK]: world.dir };
    const child = spawn(first, rest, { env, cwd: world.dir, stdio: [this.#input, 'ignore', 'pipe'] });
    child.stderr?.setEncoding('latin1').on('data', (text: string) => {
      this.said += text;
    });
    this.#end = null;
    child.once('close', (code, signal) => {
      this.#end = code ?? signal;
    });
    return child;
  }

  /** Waits until a signal does not end it. */
  async hears(): Promise<void> {
    await comes('svlogd to catch signals', () => {
      this.look();
      return hears(this.child.pid ?? 0, SIGHUP);
    });
  }

  /** It has come to the end of its input. */
  isOver(): boolean {
    return this.#end === 0;
  }

  /** Starts it again where it has ended before its time. */
  look(): void {
    const end = this.#end;
    if (end === null) return;
    assert.equal(this.#failed, false, `svlogd has ended a second time: ${this.said}`);
    this.#failed = true;
    if (this.#stage.killed) assert.equal(end, 'SIGKILL');
    else {
      assert.equal(typeof end, 'number', `svlogd has ended with ${end}: ${this.said}`);
      assert.match(this.said, /(fatal|warning): /, 'svlogd has ended without a word');
    }
    this.child = this.#start([]);
  }
}

const logged = (dir: string): string => {
  const old = readdirSync(dir).filter((name) => name.startsWith('@'));
  return [...old.sort(), 'current'].map((name) => readFileSync(`${dir}/${name}`, 'latin1')).join('');
};

const check = (text: string, killed: boolean): void => {
  const lines = text.split('\n').slice(0, -1);
  const numbers = lines.map((line) => (/^line (\d+) x{40}$/.exec(line) ? Number(line.slice(5, 11)) : -1));
  const cutLines = lines.filter((_, at) => (numbers[at] ?? 0) < 0);
  const cut = cutLines.length;
  const whole = numbers.filter((number) => number > 0);
  for (const [at, number] of whole.entries())
    assert.ok(at === 0 || number > (whole[at - 1] ?? 0), `line ${number} comes behind ${whole[at - 1]}`);
  const lost = LINES - whole.length;
  if (killed) assert.ok(cut <= 1 && lost <= LOST_MAX, `${lost} lines lost, ${cut} cut`);
  else assert.deepEqual({ lost, cutLines }, { lost: 0, cutLines: [] });
};

export const SVLOGD: Target = {
  name: 'svlogd',
  play: async (stage) => {
    const { world, killed } = stage;
    const dir = `${world.dir}/log`;
    mkdirSync(dir);
    writeFileSync(`${dir}/config`, 's9000\nn50\n');
    const fifo = `${world.dir}/input`;
    execFileSync('mkfifo', [fifo]);
    const both = openSync(fifo, constants.O_RDWR);
    const input = openSync(fifo, constants.O_RDONLY);
    const output = openSync(fifo, constants.O_WRONLY);
    closeSync(both);
    const logger = new Logger(stage, input);
    await logger.hears();
    for (let n = 1; n <= LINES; n++) {
      writeSync(output, `line ${String(n).padStart(6, '0')} `);
      // in the middle of a line
      if (n === 10 * BATCH) {
        await logger.hears();
        await sleep(4);
        logger.child.kill('SIGHUP');
        await sleep(4);
      }
      writeSync(output, `${'x'.repeat(40)}\n`);
      if (n % BATCH !== 0) continue;
      if (n % (10 * BATCH) === 0) await logger.hears();
      if (n === 20 * BATCH) logger.child.kill('SIGALRM');
      await sleep(4);
      logger.look();
    }
    closeSync(output);
    await comes('the end of svlogd', () => {
      if (logger.isOver()) return true;
      logger.look();
      return false;
    });
    closeSync(input);
    check(logged(dir), killed);
  },
};
