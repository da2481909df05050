// sv's command line, and sv as an init script; what it does with services is in ../client.
import { describe, expect, it } from 'vitest';
import { SvWorld } from '../client/world.ts';

const DOWN = { pid: 0, phase: 'down', want: 'down' } as const;

describe('sv as an init script', () => {
  const as = (name: string, ...args: readonly string[]) => ({ argv: [`/etc/init.d/${name}`, ...args] });

  it.each([
    ['run', {}, 0],
    ['down', DOWN, 3],
    ['finish', { phase: 'finish' } as const, 0],
  ])('answers status of %s', (_name, status, code) => {
    const world = new SvWorld();
    world.service('a', status);
    expect(world.run('', as('a', 'status')).code).toBe(code);
  });

  it('answers with the state of the service, not of its log', () => {
    const world = new SvWorld();
    world.service('a', DOWN);
    world.service('a/log');
    expect(world.run('', as('a', 'status')).code).toBe(3);
  });

  it('answers 4 for a state that cannot be had, 1 where there is no service', () => {
    const world = new SvWorld();
    world.kernel.user.folder('/svc/a');
    expect(world.run('', as('a', 'status')).code).toBe(4);
    expect(world.run('', as('nope', 'status')).code).toBe(1);
    world.service('b');
    world.kernel.user.remove('/svc/b/supervise/status');
    expect(world.run('', as('b', 'status')).code).toBe(4);
  });

  it('answers 1 when the time is over', () => {
    const world = new SvWorld();
    world.service('a');
    expect(world.run('', as('a', '-w', '0', 'stop')).code).toBe(1);
  });

  it.each([[], ['-x']])('answers 2 for wrong usage: %j', (...args) => {
    const world = new SvWorld();
    const ran = world.run('', as('a', ...args));
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/usage: a \[-w sec\] command\n\na: 'sv --help' explains commands and options\n$/);
  });

  it.each([
    ['stat', "did you mean 'status'?"],
    ['foo', "'sv --help' lists the commands"],
    ['enable', "'sv link a' puts a service into /svc"],
  ])('answers 2 for %s, which is not a command', (word, hint) => {
    const world = new SvWorld();
    const a = world.service('a');
    expect(world.run('', as('a', word))).toMatchObject({
      code: 2,
      out: '',
      err: `a: ${word}: no such command; ${hint}\n`,
    });
    expect(a.got).toBe('');
  });

  it('takes no notice of further words', () => {
    const world = new SvWorld();
    const a = world.service('a');
    expect(world.run('', as('a', 'up', 'b')).code).toBe(0);
    expect(a.got).toBe('u');
  });
});

describe('wrong usage of sv', () => {
  const POINTER = "sv: 'sv --help' explains commands and options\n";

  it.each(['status', '-v'])('is told: %s', (line) => {
    expect(new SvWorld().run(line)).toMatchObject({
      code: 100,
      out: '',
      err: `usage: sv [-v] [-w sec] command service ...\n\n${POINTER}`,
    });
  });

  it.each([
    ['enable', "'sv link a' puts a service into /svc"],
    ['stpo', "did you mean 'stop'?"],
    ['restar', "did you mean 'restart'?"],
    ['nonsense', "'sv --help' lists the commands"],
  ])('%s sends nothing, and is told in one line', (word, hint) => {
    const world = new SvWorld();
    const a = world.service('a');
    const err = `sv: ${word}: no such command; ${hint}\n`;
    expect(world.run(`${word} a`)).toMatchObject({ code: 100, out: '', err });
    expect(a.got).toBe('');
  });

  it('shows no control bytes', () => {
    const run = new SvWorld().run('', { argv: ['sv', 'a\x1b[2J\xc2\x9b1m', 'b'] });
    expect(run.err).toBe("sv: a?[2J?1m: no such command; 'sv --help' lists the commands\n");
  });

  it('names the option', () => {
    expect(new SvWorld().run('-x up a').err).toBe(
      `sv: illegal option -- x\nusage: sv [-v] [-w sec] command service ...\n\n${POINTER}`,
    );
  });

  it('-V prints the version too', () => {
    const ran = new SvWorld().run('-V');
    expect(ran.code).toBe(100);
    expect(ran.err).toMatch(/^\$Id: [0-9a-f]{40} \$\nusage: /);
  });
});
