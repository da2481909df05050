// Words that are no command of sv: C refuses some with its usage, and takes the others for the command with the same first
// letter; ours refuses them all, and says what may have been meant. Read next: sv-commands.ts (the words that are).
import { FakeService, made } from '../fake.ts';
import type { Case, Difference } from '../model.ts';
import type { World } from '../world.ts';

const HELP = "'sv --help' lists the commands";
const meant = (...words: readonly string[]) => `did you mean ${words.map((it) => `'${it}'`).join(' or ')}?`;

/** Words that C refuses, and what ours says of them. */
const REFUSED: Readonly<Record<string, string>> = {
  r: HELP,
  rest: meant('restart'),
  restarted: meant('restart'),
  f: HELP,
  force: meant('force-stop', 'force-reload', 'force-restart', 'force-shutdown'),
  'force-sto': meant('force-stop'),
  z: HELP,
  '-': HELP,
  '3': HELP,
  U: HELP,
  S: HELP,
  C: HELP,
};

const ADD = "'sv link s' puts a service into WORLD";
const MAKE = "'sv new s -- COMMAND' makes a service directory";
const REMOVE = "'sv remove s' takes a service out of WORLD";
const STATE = "'sv why s' explains the state";
const EVENTS = "'sv watch s' prints events as they happen";
const ALL = "'sv list' prints the state of every service";
const LOG = "'sv logs -f s' follows the log";

/** Words that C takes for another command. */
const TAKEN: Readonly<Record<string, string>> = {
  upXYZ: HELP,
  sto: meant('stop'),
  stpo: meant('stop'),
  starting: HELP,
  try: meant('try-restart'),
  chec: meant('check'),
  shut: meant('shutdown'),
  enable: ADD,
  add: ADD,
  create: MAKE,
  import: MAKE,
  disable: REMOVE,
  delete: REMOVE,
  events: EVENTS,
  describe: STATE,
  tail: LOG,
  top: "'sv monitor' shows every service and what it uses",
  tree: "'sv graph' prints the tree of dependencies",
  ps: ALL,
  'is-active': "'sv check s' exits 0 if the service is in its wanted state",
  'is-enabled': "'test -e WORLD/s' exits 0 if it is",
  usr1: "'sv 1 s' does that",
};

/** What C sends for a word: its first letter, with x for e. */
const sentByC = (word: string): string => (word[0] === 's' ? '' : word[0] === 'e' ? 'x' : (word[0] ?? ''));

async function noteWords(world: World, words: readonly string[]): Promise<void> {
  for (const [index, it] of words.entries()) {
    const dir = `${index}`;
    const fake = new FakeService(world, `${dir}/s`, made('run', { want: '?' }));
    const { end, out, err } = await world.run('sv', [it, 's'], { env: { SVWAIT: '0', SVDIR: world.path(dir) } });
    world.note(it, end);
    world.note(`${it}: stdout`, out);
    world.note(`${it}: stderr`, err.replaceAll(`${world.dir}/${dir}`, 'WORLD'));
    world.note(`${it} sends`, fake.received());
  }
}

function words(name: string, title: string, hints: Readonly<Record<string, string>>, taken: boolean): Case {
  const lines = Object.entries(hints).flatMap(([it, hint]): readonly (readonly [string, string])[] => [
    [`${it}: stderr`, `sv: ${it}: no such command; ${hint}\n`],
    ...(taken ? ([[it, 'exit 100']] as const) : []),
    ...(taken && sentByC(it) !== '' ? ([[`${it} sends`, '']] as const) : []),
    ...(taken && sentByC(it) === '' ? ([[`${it}: stdout`, '']] as const) : []),
  ]);
  const difference: Difference = { id: 'sv-words-of-others', lines: Object.fromEntries(lines) };
  return { name, title, uses: ['sv'], differs: [difference], run: (world) => noteWords(world, Object.keys(hints)) };
}

const nothing: Case = {
  name: 'sv-words/empty',
  title: 'an empty word',
  uses: ['sv'],
  async run(world) {
    const fake = new FakeService(world, 's', made('run'));
    const { end, out, err } = await world.run('sv', ['', './s']);
    world.note('', `${end}\n${out}${err.split('\n')[0]}`);
    world.note('sends', fake.received());
  },
};

const USAGE = 'exit 100';

/** Verbs of ours, and the first line that ours prints for them; C prints its usage. */
const VERBS: readonly (readonly [string, readonly string[], string])[] = [
  ['exit 0', ['list'], 'SERVICE STATE PID FOR STARTS LAST END'],
  ['exit 1', ['lint', 's'], 's: error: no ./run'],
  [
    'exit 100',
    ['wait', 's'],
    "sv: wait: expected one of up, ready, down, done, failed, gone and names of services, got 's'",
  ],
  ['exit 1', ['why', 'none'], 'none: unsupervised: unable to change to service directory: file does not exist'],
  ['exit 1', ['logs', 's'], 'sv: s: has no log service'],
  [USAGE, ['new', 'none'], "sv: new: expected '--' and a command behind the name"],
  ['exit 1', ['remove', 'none'], 'sv: remove: none: no such service'],
];

const HELP_LINE = "sv: web: no such command; 'sv --help' lists the commands";

const help: Case = {
  name: 'sv-words/help',
  title: 'help is no hup',
  uses: ['sv'],
  differs: [{ id: 'sv-words-of-others', lines: { help: 'exit 100', 'help prints': HELP_LINE, sends: '' } }],
  async run(world) {
    const fake = new FakeService(world, 'all/web', made('run'));
    const { end, out, err } = await world.run('sv', ['help', 'web'], { env: { SVDIR: world.path('all') } });
    world.note('help', end);
    world.note('help prints', (out + err).split('\n')[0] ?? '');
    world.note('sends', fake.received());
  },
};

const verbs: Case = {
  name: 'sv-words/verbs',
  title: 'verbs that C does not have',
  uses: ['sv'],
  differs: [
    {
      id: 'sv-verbs',
      lines: Object.fromEntries(
        VERBS.flatMap(([end, [verb = ''], line]) => [
          ...(end === USAGE ? [] : [[verb, end] as const]),
          [`${verb} prints`, line] as const,
        ]),
      ),
    },
  ],
  async run(world) {
    const fake = new FakeService(world, 'all/s', made('run'));
    for (const [, words] of VERBS) {
      const { end, out, err } = await world.run('sv', [...words], { env: { SVDIR: world.path('all') } });
      world.note(words[0] ?? '', end);
      world.note(`${words[0]} prints`, ((out + err).split('\n')[0] ?? '').replace(/ +/g, ' '));
    }
    world.note('sends', fake.received());
  },
};

export const cases: readonly Case[] = [
  verbs,
  help,
  words('sv-words/refused', 'words that every sv refuses', REFUSED, false),
  words('sv-words/taken', 'words that C takes for other commands', TAKEN, true),
  nothing,
];
