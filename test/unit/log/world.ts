// svlogd on the virtual kernel: /log with the directory d, lines and signals at chosen times.
import { makePipe } from '../../sim/kernel/calls.ts';
import { type Behaviour, type KernelOptions, VirtualKernel } from '../../sim/kernel/kernel.ts';
import type { Description } from '../../sim/kernel/descriptors.ts';
import type { PipeEnd } from '../../sim/kernel/pipes.ts';
import { svlogd } from '../../../src/applets/svlogd.ts';
import { SIGTERM } from '../../../src/abi/signals.ts';

/** What svlogd did: its exit code and its output. */
export interface Ran {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
}

export class LogWorld {
  readonly kernel: VirtualKernel;

  constructor(options: KernelOptions = {}) {
    this.kernel = new VirtualKernel(options);
    this.kernel.user.folder('/log/d');
  }

  config(text: string, dir = 'd'): void {
    this.kernel.user.file(`/log/${dir}/config`, text);
  }

  /** A /bin/sh that behaves as the processor's command says. */
  shell(choose: (command: string) => Behaviour): void {
    this.kernel.user.program('/bin/sh', ({ argv }) => choose(argv[2] ?? ''));
  }

  /** Feeds input `ms` milliseconds from now; more than a pipe holds is fed as there is room. */
  feed(ms: number, text: string): void {
    this.kernel.after(ms, () => {
      const fed = Math.max(0, this.kernel.feed(text));
      if (fed < text.length) this.feed(1, text.slice(fed));
    });
  }

  endInput(ms: number): void {
    this.kernel.after(ms, () => this.kernel.endInput());
  }

  signal(ms: number, signal = SIGTERM): void {
    this.kernel.after(ms, () => this.kernel.kill(this.kernel.main.pid, signal));
  }

  do(ms: number, act: () => void): void {
    this.kernel.after(ms, act);
  }

  /** Runs `svlogd LINE`. `stdout`: what descriptor 1 is, if not the kernel's sink. */
  run(line = 'd', stdout: Description | null = null, cwd = '/log'): Ran {
    const argv = ['svlogd', ...line.split(' ').filter((word) => word !== '')];
    const before = [this.kernel.stdout.text.length, this.kernel.stderr.text.length] as const;
    const program = (): number => {
      if (stdout !== null) this.kernel.main.place(1, stdout, true);
      return svlogd.run(argv) as number;
    };
    const ending = this.kernel.run(program, { argv, cwd, stdin: 'pipe' });
    return {
      code: ending.how === 'exited' ? ending.code : ending.how,
      out: this.kernel.stdout.text.slice(before[0]),
      err: this.kernel.stderr.text.slice(before[1]),
    };
  }

  /** Feeds text at once, ends the input, and runs. */
  log(text: string, line = 'd'): Ran {
    this.feed(0, text);
    this.endInput(text.length / 1000 + 1);
    return this.run(line);
  }

  /** A pipe to be standard output: its reader's end and the writer's. */
  pipe(): readonly [PipeEnd, PipeEnd] {
    const [reader, writer] = makePipe(this.kernel.world, 0);
    return [reader.hold(), writer];
  }

  read(name: string, dir = 'd'): string | null {
    return this.kernel.user.read(`/log/${dir}/${name}`);
  }

  get current(): string | null {
    return this.read('current');
  }

  /** Old files with this suffix, oldest first. */
  old(suffix: 's' | 'u' | 't' = 's', dir = 'd'): readonly string[] {
    const names = this.kernel.user.names(`/log/${dir}`).filter((name) => /^@[0-9a-f]{24}\./.test(name));
    return names.filter((name) => name.endsWith(`.${suffix}`)).sort();
  }

  /** What old files with this suffix contain, oldest first. */
  oldTexts(suffix: 's' | 'u' | 't' = 's', dir = 'd'): readonly (string | null)[] {
    return this.old(suffix, dir).map((name) => this.read(name, dir));
  }

  /** Permission bits of a file. */
  mode(name: string, dir = 'd'): number {
    const held = this.kernel.user.open(`/log/${dir}/${name}`);
    if (typeof held === 'number') return held;
    const mode = held.description.inode?.mode ?? -1;
    held.close();
    return mode & 0o7777;
  }
}
