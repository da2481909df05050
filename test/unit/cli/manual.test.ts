// The manual is written by hand; this holds it to the tables that the programs read their options and commands from.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commands } from '../../../src/applets/sv/commands.ts';
import { tools } from '../../../src/applets/sv/tools.ts';
import { controlNames, control } from '../../../src/formats/control.ts';
import { applets } from '../../../src/whole.ts';

const page = (name: string): string => readFileSync(new URL(`../../../docs/man/${name}.8`, import.meta.url), 'utf8');

describe.each(applets.map((applet) => [applet.name, applet] as const))('the manual page of %s', (name, applet) => {
  it('is there, and named so', () => {
    expect(page(name)).toContain(`.Nm ${name}\n`);
  });

  it('explains every option', () => {
    const explained = new Set([...page(name).matchAll(/^\.It Fl (-? ?[^ \n]+)/gm)].map((match) => match[1]));
    const options = applet.help.options.map(({ letter, long }) => letter ?? `-${long}`);
    expect(options.filter((option) => !explained.has(option))).toEqual([]);
  });
});

describe('the manual page of sv', () => {
  it('explains every command', () => {
    const items = [...page('sv').matchAll(/^\.It Cm (.*)$/gm)].flatMap((match) => (match[1] ?? '').split(/[ ,]+/));
    expect(commands.map(({ name }) => name).filter((name) => !items.includes(name))).toEqual([]);
    expect(tools.map(({ name }) => name).filter((name) => !items.includes(name))).toEqual([]);
  });

  it('explains every option of a verb', () => {
    const text = page('sv');
    const options = tools.flatMap((tool) => tool.options.map((option) => option.letter ?? `-${option.long}`));
    expect(options.filter((option) => !text.includes(`Fl ${option}`))).toEqual([]);
  });
});

describe('the manual page of runsv', () => {
  it('explains every control byte', () => {
    const items = [...page('runsv').matchAll(/^\.It Sy (.*)$/gm)].flatMap((match) => (match[1] ?? '').split(/[ ,]+/));
    expect(controlNames.map((name) => control[name].byte).filter((byte) => !items.includes(byte))).toEqual([]);
  });
});
