// `sv help VERB` and `sv VERB --help`: every verb is explained, by the tables that it is parsed with.
import { describe, expect, it } from 'vitest';
import { commands } from '../../../src/applets/sv/commands.ts';
import { isTool } from '../../../src/applets/sv/tool.ts';
import { tools } from '../../../src/applets/sv/tools.ts';
import { VERB_TEXTS } from '../../../src/applets/sv/verb-texts.ts';
import { SvWorld } from '../client/world.ts';

const sv = (line: string) => new SvWorld().run(line);
const VERBS = [...new Set([...commands, ...tools].map(({ name }) => name))];

describe('the texts of verbs', () => {
  it('are there for each, and for nothing else', () => {
    expect(Object.keys(VERB_TEXTS).sort()).toEqual([...VERBS].sort());
    expect(tools.filter(({ name }) => !isTool(name, ['--json']))).toEqual([]);
  });

  it.each(VERBS)('%s: its example is a call of it that can be parsed', (name) => {
    const { example } = VERB_TEXTS[name] as (typeof VERB_TEXTS)[string];
    const words = example.command.split(' | ')[0]?.split(' ') ?? [];
    const own = words.slice(words.indexOf(name) + 1);
    expect(words[0]).toBe('sv');
    expect(words).toContain(name);
    const table = tools.find((tool) => tool.name === name)?.options ?? [];
    const options = own.slice(0, own.includes('--') ? own.indexOf('--') : own.length).filter((word) => word[0] === '-');
    const known = table.map(({ letter, long }) => (letter === undefined ? `--${long}` : `-${letter}`));
    expect(options.filter((option) => !known.includes(option))).toEqual([]);
  });
});

describe('sv help', () => {
  it.each(VERBS)('%s: synopsis, paragraph, options and an example', (name) => {
    const ran = sv(`help ${name}`);
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.out).toMatch(new RegExp(`^usage: sv (\\[-v\\] \\[-w sec\\] )?${name} `));
    expect(ran.out.replace(/\s+/g, ' ')).toContain(VERB_TEXTS[name]?.about.replace(/\s+/g, ' '));
    expect(ran.out).toContain(`\nExamples:\n  ${VERB_TEXTS[name]?.example.command}\n`);
    for (const { long } of tools.find((tool) => tool.name === name)?.options ?? [])
      if (long !== undefined) expect(ran.out).toContain(`--${long}`);
    expect(
      ran.out.split('\n').filter((line) => line.length > 80 && !line.startsWith('  sv') && !/^sv - /.test(line)),
    ).toEqual([]);
    expect(sv(`${name} --help`)).toMatchObject({ code: 0, out: ran.out });
  });

  it('takes abbreviations, and explains what runs', () => {
    expect(sv('help u').out).toBe(sv('help up').out);
    expect(sv('help continue').out).toBe(sv('help cont').out);
  });

  it('alone prints the whole help', () => {
    const ran = sv('help');
    expect([ran.code, ran.err]).toEqual([0, '']);
    for (const name of VERBS) expect(ran.out).toMatch(new RegExp(`^  ${name}( |$)`, 'm'));
  });

  it('of a word that is none says what may have been meant', () => {
    expect(sv('help restat')).toMatchObject({
      code: 100,
      out: '',
      err: "sv: restat: no such command; did you mean 'restart'?\n",
    });
    expect(sv('help enable').err).toContain("'sv link NAME' puts a service into");
  });

  it('sends nothing', () => {
    const world = new SvWorld();
    const web = world.service('web');
    const odd = world.service('--help');
    for (const line of ['kill --help', 'exit --help', 'help down', 'scale --help web 0', 'remove web --help']) {
      expect(world.run(line)).toMatchObject({ code: 0, err: '' });
    }
    expect([web.got, odd.got]).toEqual(['', '']);
    world.run('up web --help');
    expect([web.got, odd.got]).toEqual(['u', 'u']);
  });

  it('leaves --help behind -- alone', () => {
    const world = new SvWorld();
    world.kernel.user.folder('/etc/sv');
    expect(world.run('new x -- ls --help').out).toBe('/etc/sv/x\n/etc/sv/x/run\n');
    expect(world.kernel.user.read('/etc/sv/x/run')).toContain('exec ls --help\n');
  });

  it('of status is asked for, not of a service with options', () => {
    expect(isTool('status', ['web'])).toBe(false);
    expect(isTool('status', ['web', '--json'])).toBe(true);
  });
});
