import { describe, expect, it } from 'vitest';
import { commandFor, commands } from '../../../src/applets/sv/commands.ts';
import { hintFor } from '../../../src/applets/sv/hints.ts';
import { isTool } from '../../../src/applets/sv/tool.ts';
import { tools } from '../../../src/applets/sv/tools.ts';
import { LETTERS } from '../../../src/machine/service/letters.ts';

const sent = (typed: string, lsb = false): string | undefined => {
  const command = commandFor(typed, lsb);
  return command && `${command.bytes || command.name} ${command.waits} ${command.onTimeout}`;
};

describe('the commands of sv', () => {
  it('send only bytes that runsv knows', () => {
    const bytes = commands.flatMap((command) => [...command.bytes]);
    expect(bytes.filter((byte) => !LETTERS.includes(byte))).toEqual([]);
  });

  it('make every byte that runsv knows reachable', () => {
    const bytes = new Set(commands.flatMap((command) => [...command.bytes]));
    expect(LETTERS.filter((letter) => !bytes.has(letter))).toEqual([]);
  });

  it.each([
    ['u', 'u verbose timeout'],
    ['upstairs', undefined],
    ['s', 'status verbose timeout'],
    ['sta', 'status verbose timeout'],
    ['int', 'i verbose timeout'],
    ['cont', 'c verbose timeout'],
    ['continue', 'c verbose timeout'],
    ['conti', undefined],
    ['alrm', 'a verbose timeout'],
    ['terminate', 't verbose timeout'],
    ['t', 't verbose timeout'],
    ['e', 'x verbose timeout'],
    ['d', 'd verbose timeout'],
    ['exit', 'x verbose timeout'],
    ['x', 'x verbose timeout'],
    ['1', '1 verbose timeout'],
    ['start', 'u always timeout'],
    ['star', undefined],
    ['stop', 'd always timeout'],
    ['shut', undefined],
    ['shutdown', 'x always timeout'],
    ['check', 'check always timeout'],
    ['chec', undefined],
    ['try-restart', 'tc always timeout'],
    ['try', undefined],
    ['restart', 'tcu always timeout'],
    ['reload', 'h always timeout'],
    ['force-stop', 'd always kill'],
    ['D', 'd always kill'],
    ['Down', undefined],
    ['T', 'tc always kill'],
    ['X', 'x always kill'],
    ['E', 'x always kill'],
    ['force-restart', 'tcu always kill'],
    ['', undefined],
    ['r', undefined],
    ['rest', undefined],
    ['f', undefined],
    ['force', undefined],
    ['K', undefined],
    ['xy', undefined],
    ['11', undefined],
    ['?', undefined],
  ])('%j means %s', (typed, meaning) => {
    expect(sent(typed)).toBe(meaning);
  });

  it('of an init script with s are whole words', () => {
    expect(['status', 'start', 'stop', 'shutdown', 'stat', 's', 'u'].map((typed) => sent(typed, true)?.[0])).toEqual([
      's',
      'u',
      'd',
      'x',
      undefined,
      undefined,
      'u',
    ]);
  });
});

/** What scripts send to sv, as found in packages and images. */
const IN_USE =
  's st stat status u up d down o once p pause c cont h hup a alarm i int interrupt q quit 1 2 t term k kill e exit x';

describe('the abbreviations in use', () => {
  it.each(IN_USE.split(' '))('%s is known', (typed) => {
    expect(commandFor(typed, false)).toBeDefined();
  });
});

it('knows the names of its tools without their tables', () => {
  expect(tools.filter(({ name }) => !isTool(name, ['--json']))).toEqual([]);
});

describe('a word that is not a command', () => {
  const hint = (...words: readonly [string, ...string[]]): string => {
    expect(commandFor(words[0], false), `${words[0]} is a command`).toBeUndefined();
    return hintFor(words[0], words.slice(1), '/svc').replace('no such command; ', '');
  };

  it.each([
    ['enable', "'sv link web' puts a service into /svc"],
    ['add', "'sv link web' puts a service into /svc"],
    ['create', "'sv new web -- COMMAND' makes a service directory"],
    ['import', "'sv new web -- COMMAND' makes a service directory"],
    ['disable', "'sv remove web' takes a service out of /svc"],
    ['delete', "'sv remove web' takes a service out of /svc"],
    ['events', "'sv watch web' prints events as they happen"],
    ['describe', "'sv why web' explains the state"],
    ['tail', "'sv logs -f web' follows the log"],
    ['top', "'sv monitor' shows every service and what it uses"],
    ['tree', "'sv graph' prints the tree of dependencies"],
    ['ps', "'sv list' prints the state of every service"],
    ['instances', "'sv scale web NUMBER' keeps so many instances of web"],
    ['health', "'sv check web' exits 0 if the service is in its wanted state"],
    ['is-active', "'sv check web' exits 0 if the service is in its wanted state"],
    ['is-enabled', "'test -e /svc/web' exits 0 if it is"],
    ['condrestart', "'sv try-restart web' does that"],
    ['usr1', "'sv 1 web' does that"],
  ])('%s, from another program, is told what does it here', (word, expected) => {
    expect(hint(word, 'web')).toBe(expected);
  });

  it.each([
    ['stpo', "did you mean 'stop'?"],
    ['sto', "did you mean 'stop'?"],
    ['statr', "did you mean 'start'?"],
    ['rest', "did you mean 'restart'?"],
    ['restrat', "did you mean 'restart'?"],
    ['re', "did you mean 'restart' or 'reload' or 'remove'?"],
    ['upp', "did you mean 'up'?"],
    ['dwon', "did you mean 'down'?"],
    ['force', "did you mean 'force-stop' or 'force-reload' or 'force-restart' or 'force-shutdown'?"],
    ['try', "did you mean 'try-restart'?"],
    ['chec', "did you mean 'check'?"],
    ['nonsense', "'sv --help' lists the commands"],
    ['z', "'sv --help' lists the commands"],
    ['s'.repeat(100_000), "'sv --help' lists the commands"],
  ])('%s, mistyped, is told what may have been meant', (word, expected) => {
    expect(hint(word, 'web')).toBe(expected);
  });

  it('that names a service, with the command behind it, is told the right order', () => {
    expect(hint('web', 'restart')).toBe("did you mean 'sv restart web'?");
    expect(hint('sshd', 'stop')).toBe("did you mean 'sv stop sshd'?");
  });

  it('without a service is told all the same', () => {
    expect(hint('enable')).toBe("'sv link NAME' puts a service into /svc");
  });
});
