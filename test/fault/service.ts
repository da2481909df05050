// A service directory: making it, commanding it, reading what supervise/ says.
//
// Commands are written and files read directly, so that a case depends on no other program.
// Read next: world.ts (where services live), habits.ts (what they run).
import {
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { writeFile as writeFileLater } from 'node:fs/promises';
import { basename } from 'node:path';
import { habit, type Habit } from './habits.ts';

export interface Status {
  readonly state: 'down' | 'run' | 'finish';
  readonly pid: number;
  readonly paused: boolean;
  readonly want: 'u' | 'd';
  readonly gotTerm: boolean;
}

const STATES = ['down', 'run', 'finish'] as const;

const decode = (bytes: Buffer): Status | null => {
  const state = STATES[bytes[19] ?? 255];
  if (bytes.length !== 20 || state === undefined) return null;
  const want = bytes[17] === 0x75 ? 'u' : 'd';
  return { state, pid: bytes.readInt32LE(12), paused: bytes[16] === 1, want, gotTerm: bytes[18] === 1 };
};

/** Writes a program whole before it gets its name, so that nobody starts half of it. */
export const program = (path: string, text: string, mode = 0o755): void => {
  writeFileSync(`${path}.part`, text, { mode });
  renameSync(`${path}.part`, path);
};

const linesOf = (path: string): readonly string[] =>
  existsSync(path) ? readFileSync(path, 'latin1').split('\n').slice(0, -1) : [];

export class Service {
  readonly dir: string;
  readonly name: string;
  /** The file in which its programs tell things. */
  readonly toldPath: string;

  constructor(dir: string, toldFolder: string) {
    this.dir = dir;
    this.name = basename(dir);
    this.toldPath = `${toldFolder}/${this.name}`;
    mkdirSync(dir, { recursive: true });
  }

  /** Gives it a program: `run`, `finish`, `control/t`, `log/run`. */
  has(path: string, what: Habit | { readonly text: string }, lock?: string): this {
    const file = `${this.dir}/${path}`;
    mkdirSync(file.slice(0, file.lastIndexOf('/')), { recursive: true });
    program(file, typeof what === 'string' ? habit(what, this.toldPath, lock) : what.text);
    return this;
  }

  isDown(): this {
    writeFileSync(`${this.dir}/down`, '');
    return this;
  }

  /** Opens the gate that slow programs wait at. */
  openGate(): void {
    writeFileSync(`${this.toldPath}.gate`, '');
  }

  closeGate(): void {
    rmSync(`${this.toldPath}.gate`);
  }

  told(): readonly string[] {
    return linesOf(this.toldPath);
  }

  /** How often `word` was told. */
  count(word: string): number {
    return this.told().filter((line) => line.startsWith(`${word} `)).length;
  }

  /** What supervise/status says; null where there is none, or none that can be understood. */
  status(side: '' | 'log/' = ''): Status | null {
    try {
      return decode(readFileSync(`${this.dir}/${side}supervise/status`));
    } catch {
      return null;
    }
  }

  stat(side: '' | 'log/' = ''): string {
    return readFileSync(`${this.dir}/${side}supervise/stat`, 'latin1');
  }

  /** Writes to supervise/control, waiting where the fifo is full. */
  send(bytes: string | Buffer, side: '' | 'log/' = ''): void {
    const fd = openSync(`${this.dir}/${side}supervise/control`, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      writeSync(fd, typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    } finally {
      closeSync(fd);
    }
  }

  /** Writes to supervise/control; resolves when all is taken, or nobody reads any more. */
  async sendAll(bytes: string): Promise<void> {
    await writeFileLater(`${this.dir}/supervise/control`, bytes, { flag: constants.O_WRONLY });
  }

  /** Whether a supervisor lives: supervise/ok can be opened for writing. */
  isSupervised(): boolean {
    try {
      closeSync(openSync(`${this.dir}/supervise/ok`, constants.O_WRONLY | constants.O_NONBLOCK));
      return true;
    } catch {
      return false;
    }
  }
}
