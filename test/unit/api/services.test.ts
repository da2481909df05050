// list(), why(), wait() and watch() of the npm module, on service directories whose files the test writes.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it, vi } from 'vitest';
import * as api from '../../../src/api/index.ts';
import type { SameWords } from './same.ts';
import { FakeService, scanDirectory } from './tree.ts';

const LAST = {
  at: '2027-01-15T08:00:00.000Z',
  pid: 12,
  code: -1,
  signal: 9,
  ranSeconds: 0.5,
  cause: 'exit',
  oom: 'possible',
} as const;

/** The watches that are open; those that were closed are gone after a turn of the loop. */
const watches = async (): Promise<number> => {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  return process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length;
};

const words: SameWords = 'same';

describe('list()', () => {
  it('has the facts of sv list --json, in camelCase', () => {
    const svdir = scanDirectory();
    new FakeService(svdir, 'web').tell({
      by: 'socket',
      ready: true,
      readyAt: LAST.at,
      text: 'Gr\xc3\xbc\xc3\x9fe',
      starts: 2,
      failures: 1,
      last: LAST,
    });
    const [web] = api.list({ svdir });
    expect(web).toMatchObject({
      service: 'web',
      directory: `${svdir}/web`,
      supervised: true,
      condition: 'ready',
      state: 'run',
      pid: 4711,
      since: '2023-11-14T22:13:20.000Z',
      want: 'up',
      normally: 'up',
      paused: false,
      gotTerm: false,
      ready: true,
      readyBy: 'socket',
      readySince: LAST.at,
      text: 'Grüße',
      waitingFor: [],
      nextStart: null,
      starts: 2,
      failures: 1,
      consecutiveFailures: 0,
      lastEnd: { at: LAST.at, pid: 12, code: null, signal: 'KILL', ranSeconds: 0.5, cause: 'exit', oom: 'possible' },
      log: null,
    });
    expect(words).toBe('same');
  });

  it('has the log service, and what nobody supervises with the reason', () => {
    const svdir = scanDirectory();
    new FakeService(svdir, 'web');
    new FakeService(svdir, 'web/log', { phase: 'down', pid: 0, want: 'down' });
    mkdirSync(join(svdir, 'idle'));
    expect(api.list({ svdir })).toMatchObject([
      {
        service: 'idle',
        supervised: false,
        condition: 'unsupervised',
        error: 'unable to open supervise/ok: file does not exist',
      },
      { service: 'web', log: { condition: 'down', state: 'down', pid: null } },
    ]);
  });

  it('takes patterns, and names beyond ASCII', () => {
    const svdir = scanDirectory();
    for (const name of ['größe', 'web@1', 'web@2']) new FakeService(svdir, name);
    const names = (patterns?: readonly string[]): readonly string[] =>
      api.list(patterns === undefined ? { svdir } : { svdir, patterns }).map(({ service }) => service);
    expect(names()).toEqual(['größe', 'web@1', 'web@2']);
    expect(names(['web@*'])).toEqual(['web@1', 'web@2']);
    expect(names(['größe'])).toEqual(['größe']);
  });

  it('adds what a service uses where that is asked for', () => {
    const svdir = scanDirectory();
    new FakeService(svdir, 'web', { pid: process.pid });
    const [web] = api.list({ svdir, usage: true });
    expect(web).toMatchObject({ pid: process.pid, processes: expect.any(Number) });
    expect(web?.supervised === true && (web.memoryBytes ?? 0) > 1e6).toBe(true);
  });

  it('throws as node:fs does where the directory cannot be read', () => {
    expect(() => api.list({ svdir: '/nowhere' })).toThrow(
      expect.objectContaining({ code: 'ENOENT', path: '/nowhere', syscall: 'scandir' }),
    );
  });

  it('takes SVDIR of the environment', () => {
    const svdir = scanDirectory();
    new FakeService(svdir, 'web');
    vi.stubEnv('SVDIR', svdir);
    expect(api.list().map(({ service }) => service)).toEqual(['web']);
    vi.unstubAllEnvs();
  });
});

describe('why()', () => {
  it('adds the last events and log lines', () => {
    const svdir = scanDirectory();
    const web = new FakeService(svdir, 'web');
    web.record(1, { event: 'ended', pid: 12, code: 1, ran: 0.5, cause: 'exit' });
    mkdirSync(join(web.dir, 'log/main'), { recursive: true });
    writeFileSync(join(web.dir, 'log/main/current'), 'erste\nzweite: ü\n');
    expect(api.why('web', { svdir })).toMatchObject({
      service: 'web',
      condition: 'running',
      history: [{ event: 'ended', n: 1, pid: 12, code: 1, ran: 0.5, cause: 'exit' }],
      logLines: ['erste', 'zweite: ü'],
    });
    expect(api.why(web.dir)).toMatchObject({ service: web.dir, condition: 'running' });
  });

  it('leaves out members of another type, whoever wrote them', () => {
    const svdir = scanDirectory();
    new FakeService(svdir, 'web').write(
      '{"at":"x","n":1,"event":"ended","pid":"12","code":1,"oom":7,"for":[1],"y":2}\n',
    );
    expect(api.why('web', { svdir }).history).toEqual([{ at: 'x', event: 'ended', n: 1, code: 1 }]);
  });

  it.each([[''], [7], ['a\0b']])('%o is no name: a TypeError', (name) => {
    expect(() => api.why(name as string)).toThrow(TypeError);
  });
});

describe('wait()', () => {
  it('resolves when the service is there, and holds nothing then', async () => {
    const svdir = scanDirectory();
    const web = new FakeService(svdir, 'web', { phase: 'down', pid: 0 });
    const waiting = api.wait('up', ['web'], { svdir });
    let hasResolved = false;
    void waiting.then(() => (hasResolved = true));
    expect(await watches()).toBe(1);
    expect(hasResolved).toBe(false);
    web.show({});
    expect(await waiting).toEqual([{ service: 'web', reached: true, condition: 'running' }]);
    expect(await watches()).toBe(0);
  });

  it('with any, one is enough', async () => {
    const svdir = scanDirectory();
    new FakeService(svdir, 'db', { phase: 'down', pid: 0 });
    new FakeService(svdir, 'web');
    const results = await api.wait('up', ['db', 'web'], { svdir, any: true });
    expect(results.map(({ reached }) => reached)).toEqual([false, true]);
  });

  it('rejects when the time is over, and says what each service is', async () => {
    const svdir = scanDirectory();
    new FakeService(svdir, 'db', { phase: 'down', pid: 0, want: 'down' });
    const problem = await api.wait('ready', ['db'], { svdir, timeoutMs: 20 }).catch((cause: unknown) => cause);
    expect(problem).toBeInstanceOf(api.WaitError);
    expect(problem).toMatchObject({
      name: 'WaitError',
      message: 'db: down, not ready',
      results: [{ service: 'db', reached: false, condition: 'down' }],
    });
  });

  it('rejects at once for a service that has failed', async () => {
    const svdir = scanDirectory();
    const bad = new FakeService(svdir, 'bad', { phase: 'down', pid: 0, want: 'down' });
    bad.tell({ pid: 0, outcome: 'failed' });
    await expect(api.wait('up', ['bad'], { svdir })).rejects.toThrow('bad: failed, not up');
  });

  it('sees a runsv that ends, which has no event', async () => {
    const svdir = scanDirectory();
    const web = new FakeService(svdir, 'web');
    const waiting = api.wait('gone', ['web'], { svdir });
    web.end();
    expect(await waiting).toMatchObject([{ reached: true, condition: 'unsupervised' }]);
  });

  it("rejects with the signal's reason", async () => {
    const svdir = scanDirectory();
    new FakeService(svdir, 'db', { phase: 'down', pid: 0 });
    const abort = new AbortController();
    const waiting = api.wait('up', ['db'], { svdir, signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(api.wait('up', ['db'], { svdir, signal: abort.signal })).rejects.toThrow('enough');
    expect(await watches()).toBe(0);
  });

  it.each([
    ['sideways', ['web'], {}, "expected one of up, ready, down, done, failed, gone, got 'sideways'"],
    ['up', [], {}, 'expected names of services, got []'],
    ['up', [7], {}, 'expected the name of a service, got 7'],
    ['up', ['web'], { timeoutMs: -1 }, 'timeoutMs: expected milliseconds, got -1'],
  ])('%o %o %o: a TypeError', async (goal, names, options, message) => {
    const waiting = api.wait(goal as api.Goal, names as readonly string[], options);
    await expect(waiting).rejects.toThrow(new TypeError(message));
  });
});

/** The next event, which must come. */
const next = async (events: AsyncIterator<api.ServiceEvent, undefined>): Promise<api.ServiceEvent> => {
  const { value } = await events.next();
  if (value === undefined) throw new Error('it has ended');
  return value;
};

describe('watch()', () => {
  it('begins with what each service is, then has events as they are recorded', async () => {
    const svdir = scanDirectory();
    const web = new FakeService(svdir, 'web');
    web.record(1, { event: 'started', pid: 4711 });
    const events = api.watch({ svdir });
    expect(await next(events)).toMatchObject({ service: 'web', event: 'is', condition: 'running', pid: 4711 });
    const coming = next(events);
    web.record(2, { event: 'ended', pid: 4711, signal: 'KILL', ran: 3, cause: 'exit', oom: true });
    expect(await coming).toEqual({
      service: 'web',
      at: '2027-01-15T08:00:00.000Z',
      event: 'ended',
      n: 2,
      pid: 4711,
      signal: 'KILL',
      ran: 3,
      cause: 'exit',
      oom: true,
    });
    web.record(5, { event: 'started', pid: 4712 });
    expect(await next(events)).toMatchObject({ event: 'gap', missed: 2 });
    expect(await next(events)).toMatchObject({ event: 'started', n: 5 });
    await events.return?.();
  });

  it('sees services come and go, one in place of another too', async () => {
    const svdir = scanDirectory();
    const events = api.watch({ svdir, patterns: ['w*'] });
    let coming = next(events);
    const elsewhere = scanDirectory();
    new FakeService(elsewhere, 'web', { phase: 'down', pid: 0, want: 'down' });
    renameSync(join(elsewhere, 'web'), join(svdir, 'web'));
    expect(await coming).toMatchObject({ service: 'web', event: 'is', condition: 'down' });
    coming = next(events);
    rmSync(join(svdir, 'web'), { recursive: true });
    expect(await coming).toMatchObject({ service: 'web' });
    await events.return?.();
  });

  it('ends at return(), also while somebody waits, and closes its watches', async () => {
    const svdir = scanDirectory();
    const events = api.watch({ svdir });
    const waiting = events.next();
    expect(await watches()).toBe(1);
    expect(await events.return?.()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect(await watches()).toBe(0);
  });

  it('ends with the signal', async () => {
    const svdir = scanDirectory();
    new FakeService(svdir, 'web');
    const abort = new AbortController();
    const seen: string[] = [];
    for await (const { event } of api.watch({ svdir, signal: abort.signal })) {
      seen.push(event);
      setImmediate(() => abort.abort());
    }
    for await (const { event } of api.watch({ svdir, signal: abort.signal })) seen.push(event);
    expect(seen).toEqual(['is']);
    expect(await watches()).toBe(0);
  });

  it('answers calls of next() in their order', async () => {
    const svdir = scanDirectory();
    for (const name of ['a', 'b', 'c']) new FakeService(svdir, name);
    const events = api.watch({ svdir });
    const three = await Promise.all([next(events), next(events), next(events)]);
    expect(three.map(({ service }) => service)).toEqual(['a', 'b', 'c']);
    await events.return?.();
  });
});
