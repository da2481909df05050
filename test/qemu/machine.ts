// One machine in qemu: its serial line is read and typed on. No hardware support is needed, so any machine will do.
//
// Promises: ends with the test, by its process number. Read next: run.ts.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { until } from '../lib/wait.ts';

/** Emulated, on a loaded machine: far above what a boot takes. */
const DEADLINE_MS = 300_000;
const QEMU = '-accel tcg -smp 1 -nodefaults -no-user-config -display none -serial stdio -no-reboot';

export interface Kind {
  readonly qemu: string;
  readonly options: string;
  /** The serial line, as its kernel names it. */
  readonly console: string;
}
export const X86_64: Kind = { qemu: 'qemu-system-x86_64', options: '-M q35 -m 128', console: 'ttyS0' };
export const ARM64: Kind = {
  qemu: 'qemu-system-aarch64',
  options: '-M virt -cpu max,pauth-impdef=on -m 512',
  console: 'ttyAMA0',
};

export class Machine {
  readonly #qemu: ChildProcessWithoutNullStreams;
  readonly #begunMs = performance.now();
  #said = '';
  #ended = false;

  constructor(kernel: string, initramfs: string, { qemu, options, console }: Kind = X86_64) {
    const append = `console=${console} panic=-1 quiet rdinit=/sbin/init`;
    this.#qemu = spawn(qemu, [
      ...options.split(' '),
      ...QEMU.split(' '),
      '-kernel',
      kernel,
      '-initrd',
      initramfs,
      '-append',
      append,
    ]);
    this.#qemu.stdout.on('data', (data: Buffer) => (this.#said += data.toString('latin1')));
    this.#qemu.stderr.on('data', (data: Buffer) => (this.#said += data.toString('latin1')));
    this.#qemu.stdin.on('error', () => undefined);
    this.#qemu.on('error', (cause) => (this.#said += String(cause)));
    this.#qemu.on('close', () => (this.#ended = true));
  }

  /** All that came over the serial line, line ends as elsewhere. */
  get said(): string {
    return this.#said.replaceAll('\r', '');
  }

  get ms(): number {
    return performance.now() - this.#begunMs;
  }

  /** Waits until the line has said `text` so often, or the machine has ended. */
  async hears(text: string, times = 1): Promise<void> {
    const enough = () => this.said.split(text).length > times;
    await until(
      () => `"${text}" from the machine, which said:\n${this.said}`,
      () => enough() || this.#ended,
      DEADLINE_MS,
    );
    if (!enough()) throw new Error(`the machine ended without "${text}" after saying:\n${this.said}`);
  }

  type(line: string): void {
    this.#qemu.stdin.write(`${line}\n`);
  }

  /** Types a command and waits until it has ended; what it said. */
  async run(command: string): Promise<string> {
    const mark = `done-${Math.floor(this.ms * 1000)}`;
    // the quotes keep the echo of what is typed from looking like the answer
    this.type(`${command}; echo "${mark}"'-'$?`);
    await this.hears(`${mark}-`);
    const before = this.said.slice(0, this.said.lastIndexOf(`${mark}-`));
    return before.slice(before.indexOf('\n', before.lastIndexOf(mark)) + 1);
  }

  /** Waits for the end of qemu; how the kernel said that it ends. */
  async end(): Promise<string> {
    await until(
      () => `the end of the machine, which said:\n${this.said}`,
      () => this.#ended,
      DEADLINE_MS,
    );
    return /reboot: (Power down|Restarting system|System halted)|Kernel panic.*/.exec(this.said)?.[0] ?? 'in silence';
  }

  close(): void {
    if (!this.#ended) this.#qemu.kill('SIGKILL');
  }
}
