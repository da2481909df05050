// runsvdir --one-process: services with a log, with readiness, essential ones, all in the process whose call fails.
//
// Promises: what targets.ts promises. Killed, it is started anew and finds everything that it had: one copy of each, its log, the
// pipe between them. Read next: subject.ts.
import assert from 'node:assert/strict';
import { existsSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { habit } from '../fault/habits.ts';
import type { Service } from '../fault/service.ts';
import { isAlive } from '../lib/proc.ts';
import { comes, hears, SIGHUP, Subject, supervisors } from './subject.ts';
import { another, ENDS_MS, Kept, linksOf, pathOf, SIGALRM, signalFirst, type Stage, type Target } from './targets.ts';

/** A command, while it is seen to that there is a supervisor. */
const command = async (kept: Kept, subject: Subject, verb: string): Promise<void> => {
  let isOver = false;
  void subject.sv(verb).then(() => (isOver = true));
  await kept.comes(`the end of sv ${verb}`, () => isOver);
};

/** A service that tells when it is ready, by a newline. */
const makeReady = ({ world }: Stage, links: string): Service => {
  const service = world.service('ready');
  const tells = "tell_('start');\nopen my $ready, '>&=', 3; syswrite $ready, qq(\\n); close $ready;\n";
  service.has('run', { text: habit('stays', service.toldPath).replace("tell_('start');\n", () => tells) });
  writeFileSync(`${service.dir}/notification-fd`, '3\n');
  symlinkSync(service.dir, `${links}/ready`);
  return service;
};

const runs = (service: Service): boolean => {
  const status = service.status();
  return status?.state === 'run' && isAlive(status.pid);
};

/** A service that comes, and one that goes. */
const change = async (stage: Stage, kept: Kept, links: string): Promise<void> => {
  const two = another(stage);
  const link = `${links}/another`;
  symlinkSync(two.service.dir, link);
  await kept.comes('another service', () => two.isUp());
  unlinkSync(link);
  // One that is killed forgets whom it was about to tell, and nobody supervises a service that is not there: it is given back,
  // and taken away again.
  const isGone = (): boolean => two.instances().length + two.instances('/log').length === 0;
  await kept.comes('the end of a service that was removed', () => {
    if (stage.killed && kept.failed && !isGone()) {
      if (two.service.isSupervised()) rmSync(link, { force: true });
      else if (!existsSync(link)) symlinkSync(two.service.dir, link);
    }
    return isGone();
  });
  rmSync(link, { force: true });
  await two.isOver();
};

/** Told to end; one that is killed meanwhile is started once more and told again. */
const end = async (kept: Kept): Promise<void> => {
  for (let tries = 0; tries < 2; tries++) {
    await kept.comes('a runsvdir that catches HUP', () => hears(kept.pid, SIGHUP));
    kept.current.signal('SIGHUP');
    if ((await kept.current.ended(ENDS_MS)) === 'exit 111') return;
    kept.look();
  }
  throw new Error('it has not ended by HUP');
};

export const ONE_PROCESS: Target = {
  name: 'one process',
  play: async (stage) => {
    const { world } = stage;
    const one = new Subject(world, stage.bin, 'web');
    writeFileSync(`${one.service.dir}/flag-essential`, '');
    const links = linksOf(stage, one);
    const ready = makeReady(stage, links);
    const kept = new Kept(stage, stage.inject, (wrap) =>
      world.start('runsvdir', ['--one-process', links], { wrap: [...pathOf(stage), ...wrap] }),
    );
    await kept.comes('the services', () => one.isUp() && runs(ready));
    for (const verb of ['restart', 'pause', 'cont']) await command(kept, one, verb);
    await change(stage, kept, links);
    await signalFirst(kept, 'SIGALRM', SIGALRM);
    const settle = (): Promise<void> => one.settles(stage.killed, () => kept.look());
    await settle();
    if (kept.current.end() !== null) await settle();
    await kept.comes('the service with readiness', () => runs(ready));
    assert.equal(ready.count('double'), 0, 'two copies of the one with readiness');
    await end(kept);
    await one.isOver();
    await comes('the end of the one with readiness', () => !runs(ready));
    await comes('the end of every supervisor', () => supervisors(world).length === 0);
  },
};
