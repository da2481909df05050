// podman, the second engine: for what Kubernetes would do with a pod. Its images and containers live in the test's directory.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, run } from '../lib/run.ts';

// runc: crun refuses cgroups of both versions side by side. Limits: equal and no higher than ours, which podman would raise.
const settings = (files: string): string => `[containers]
default_ulimits = ["nofile=${files}:${files}", "nproc=4096:4096"]
netns = "none"
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[engine.runtimes]
runc = ["/usr/sbin/runc"]
`;

/** Podman 5 warns of every machine that has cgroups of the first version. */
const QUIET = { PODMAN_IGNORE_CGROUPSV1_WARNING: '1' };

export class Podman {
  readonly #dir: string;
  readonly #env: Readonly<Record<string, string>>;

  readonly #storage: readonly string[];

  private constructor(dir: string, storage: readonly string[]) {
    this.#dir = dir;
    this.#storage = storage;
    this.#env = { CONTAINERS_CONF: join(dir, 'containers.conf') };
  }

  /** `driver`: how images are stored, where the kernel's overlay is out of reach. */
  static async make(work: string, driver?: 'vfs'): Promise<Podman> {
    const dir = join(work, 'podman');
    mkdirSync(dir, { recursive: true });
    const files = (await mustRun(['sh', '-c', 'ulimit -Hn'])).trim();
    writeFileSync(join(dir, 'containers.conf'), settings(files));
    return new Podman(dir, driver === undefined ? [] : ['--storage-driver', driver]);
  }

  #words(words: readonly string[]): readonly string[] {
    const places = ['--root', join(this.#dir, 'root'), '--runroot', join(this.#dir, 'run')];
    return ['podman', ...places, ...this.#storage, '--tmpdir', join(this.#dir, 'tmp'), ...words];
  }

  /** A command that must succeed; what it said. */
  async podman(...words: readonly string[]): Promise<string> {
    return mustRun(this.#words(words), { env: { ...this.#env, ...QUIET } });
  }

  async close(): Promise<void> {
    for (const words of [
      ['pod', 'rm', '-af', '-t', '0'],
      ['system', 'reset', '--force'],
    ])
      await run(this.#words(words), { env: this.#env });
  }
}
