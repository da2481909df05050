// What must be so after a soak. Each check is a sentence and what contradicts it; nothing does where it holds.
import { readdirSync, readFileSync } from 'node:fs';
import { descriptorsOf, marked, privateKb, proc } from '../lib/proc.ts';
import { sleep } from '../lib/wait.ts';
import { type Fleet, hasLog, insiders, isSteady, link, mayFail, runsvdirOf, runsvsOf } from './fleet.ts';

const SETTLE_MS = 60_000;
const LOOK_MS = 200;
const MEMORY_KB = 256;
/** Longer than a busy supervisor takes until it reaps. */
const REAPED_MS = 10_000;

/** Until `look` finds nothing wrong, or time is up. */
export const settle = async (look: () => readonly string[]): Promise<readonly string[]> => {
  const endMs = Date.now() + SETTLE_MS;
  for (;;) {
    const wrong = look();
    if (wrong.length === 0 || Date.now() > endMs) return wrong;
    await sleep(LOOK_MS);
  }
};

/** Everything is there again and wanted up. */
export const restore = (fleet: Fleet): void => {
  for (const service of fleet.services) {
    link(fleet, service);
    for (const side of hasLog(service) ? (['', 'log/'] as const) : ([''] as const)) {
      try {
        service.send('cu', side);
      } catch {
        // no runsv yet: it starts wanting up
      }
    }
  }
};

/** Asked again and again: a command may have met a runsv that was on its way to its end. */
export const notUp = (fleet: Fleet): readonly string[] => {
  const wrong: string[] = [];
  const living = insiders(fleet);
  for (const service of fleet.services) {
    const status = service.status();
    const runs = status?.state === 'run' && living.has(status.pid) && !status.paused && service.isSupervised();
    const tried = service.isSupervised() && (status?.want === 'u' || mayFail(service));
    if (isSteady(service) ? !runs : !tried) {
      wrong.push(`${service.name}: ${JSON.stringify(status)}`);
    }
  }
  if (wrong.length > 0) restore(fleet);
  return wrong;
};

export const doubles = ({ services }: Fleet): readonly string[] =>
  services.filter((service) => service.count('double') > 0).map(({ name }) => `${name} ran twice`);

/** Status and pid name the process that has said last that it starts. */
export const untrue = (fleet: Fleet): readonly string[] => {
  const living = insiders(fleet);
  return fleet.services.filter(isSteady).flatMap((service) => {
    const pid = service.status()?.pid ?? 0;
    const told = readFileSync(`${service.dir}/supervise/pid`, 'latin1').trim();
    const last = service
      .told()
      .filter((line) => line.startsWith('start '))
      .at(-1);
    const gone = living.has(pid) ? '' : 'no process';
    return last === `start ${pid}` && told === String(pid) && gone === ''
      ? []
      : [`${service.name}: status ${pid}, pid ${told}, ${last} ${gone}`];
  });
};

export const zombies = ({ world }: Fleet): readonly string[] => {
  const ours = new Set(marked(world.dir));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const [state, parent] = proc(Number(name), 'stat')
        .replace(/^.*\) /s, '')
        .split(' ');
      return state === 'Z' && ours.has(Number(parent)) ? [`process ${name}, a child of ${parent}`] : [];
    });
};

/** Looks while everything goes on: who ran twice, and who has waited for too long to be reaped. */
export class Watch {
  readonly #since = new Map<string, number>();
  readonly #wrong = new Set<string>();
  looks = 0;

  look(fleet: Fleet): void {
    this.looks++;
    const now = Date.now();
    for (const line of doubles(fleet)) this.#wrong.add(line);
    const waiting = new Set(zombies(fleet));
    for (const line of this.#since.keys()) if (!waiting.has(line)) this.#since.delete(line);
    for (const line of waiting) if (!this.#since.has(line)) this.#since.set(line, now);
    for (const [line, since] of this.#since) if (now - since > REAPED_MS) this.#wrong.add(`${line} waits to be reaped`);
  }

  wrong(): readonly string[] {
    return [...this.#wrong];
  }
}

/** Who is still there after the end of everything. */
export const orphans = ({ world, init }: Fleet): readonly string[] =>
  marked(world.dir)
    .filter((pid) => pid !== init.pid)
    .map((pid) => `process ${pid}: ${proc(pid, 'cmdline').replaceAll('\0', ' ')}`);

export interface Kept {
  readonly descriptors: number;
  readonly kb: number;
}

/** What each supervisor keeps, by process. */
export const kept = (fleet: Fleet): ReadonlyMap<number, Kept> =>
  new Map(
    [...runsvsOf(fleet).values(), runsvdirOf(fleet)]
      .filter((pid) => pid !== 0)
      .map((pid) => [pid, { descriptors: descriptorsOf(pid).length, kb: privateKb(pid) }]),
  );

/** Supervisors that live since `before`, and keep more than then. */
export const grown = (before: ReadonlyMap<number, Kept>, after: ReadonlyMap<number, Kept>): readonly string[] =>
  [...after].flatMap(([pid, now]) => {
    const then = before.get(pid);
    if (then === undefined) return [];
    const grew = now.descriptors > then.descriptors || now.kb > then.kb + MEMORY_KB;
    return grew ? [`process ${pid}: ${JSON.stringify(then)} became ${JSON.stringify(now)}`] : [];
  });
