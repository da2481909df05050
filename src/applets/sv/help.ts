// The texts of `sv --help`, `sv help VERB` and `sv VERB --help`, which lie in a cold part.
//
// Promises: from the tables that parsing and completion read. Read next: verb-texts.ts, commands.ts and tools.ts, ../sv.ts.
import type { Bytes } from '../../abi/bytes.ts';
import type { Help, VerbHelp } from '../../cli/applet.ts';
import { helpText } from '../../cli/help.ts';
import { err, out, visible } from '../../cli/say.ts';
import { lookup } from '../../client/service.ts';
import { GOALS } from '../../client/wait-for.ts';
import { commandFor, commands } from './commands.ts';
import { hintFor } from './hints.ts';
import { usage } from './options.ts';
import type { Tool } from './tool.ts';
import { usageOfTool } from './tool-usage.ts';
import { tools } from './tools.ts';
import { VERB_TEXTS } from './verb-texts.ts';

const USAGE_CODE = 100;

const toolNamed = (name: string): Tool | undefined => tools.find((tool) => tool.name === name);

/** What the operands of a verb are, where they are not services. */
const OPERANDS: Readonly<Record<string, VerbHelp['operands']>> = {
  help: ['verb'],
  wait: [`=${GOALS.join('|')}`, 'service'],
  new: ['none', 'file'],
  scale: ['template', 'none'],
  link: ['source'],
};

/** Every verb, those with options as they are. */
const verbs = (): readonly VerbHelp[] => [
  ...commands
    .filter(({ name }) => toolNamed(name) === undefined)
    .map(({ name, text }) => ({ name, text, options: [], operands: ['service'] })),
  ...tools.map(({ name, text, options }) => ({ name, text, options, operands: OPERANDS[name] ?? ['service'] })),
];

export const svHelp = (): Help => ({
  ...usage,
  description:
    'Sends command to each service, then waits for the effect if command is one that waits or -v is given. A service is ' +
    'the name of a directory that runsv supervises, looked up in $SVDIR; a name that begins with a dot or a slash, or ' +
    'ends in a slash, is a path. NAME/log is the log service of NAME. A name with *, ? or [...] stands for all services ' +
    'that match.\n\n' +
    'Called by another name, such as that of a link in /etc/init.d, sv is the init script of the service with that name: ' +
    '[-w sec] command.',
  verbs: verbs(),
  operandKind: 'service',
  lists: [
    { title: 'Commands', rows: commands.map(({ name, text }) => ({ term: name, text })) },
    {
      title: 'Verbs with options',
      rows: tools.map(({ name, operands, text }) => ({ term: `${name} ${operands}`, text })),
    },
    {
      title: 'Environment',
      rows: [
        { term: 'SVDIR', text: 'directory of the services (default: first of /etc/service, /service, /var/service)' },
        { term: 'SVSRC', text: 'directory of service directories for new, link, remove and scale (default: /etc/sv)' },
        { term: 'SVWAIT', text: 'seconds to wait, if -w is not given' },
      ],
    },
  ],
  examples: [
    { command: 'sv status web db', text: 'show the states of two services and their logs' },
    { command: 'sv -w 30 restart web', text: 'restart; wait half a minute for the new process to pass ./check' },
    { command: 'sv force-stop ./web', text: 'stop; send KILL if it is still running after 7 seconds' },
    { command: 'ln -s /usr/bin/sv /etc/init.d/web; /etc/init.d/web stop', text: 'as an init script' },
  ],
  exitCodes: [
    { code: '0', text: 'every command was sent and, if waited for, took effect' },
    { code: '1..99', text: 'the number of services that failed' },
    { code: '100', text: 'wrong usage' },
    { code: '1, 2, 3, 4', text: 'as an init script: failure, wrong usage, service is down, state unknown' },
  ],
});

const usageOf = (name: string): string => {
  const tool = toolNamed(name);
  if (tool === undefined) return `[-v] [-w sec] ${name} service ...`;
  return name === 'status' ? '[-v] [-w sec] status [--json] [--usage] service ...' : usageOfTool(tool);
};

/** Explains a verb. Returns the exit code. */
export const helpOn = (name: string): number => {
  const row = commands.find((command) => command.name === name) ?? toolNamed(name);
  const more = VERB_TEXTS[name];
  const text = helpText({
    name: 'sv',
    summary: `${name}: ${row?.text}`,
    help: {
      operands: '',
      usage: usageOf(name),
      description: more?.about ?? '',
      options: toolNamed(name)?.options ?? [],
      examples: more === undefined ? [] : [more.example],
      exitCodes: [],
    },
  });
  return out(text) ? 0 : 1;
};

/** `sv help [COMMAND]`. Returns the exit code. */
export const runHelp = (typed: Bytes | undefined): number => {
  if (typed === undefined) {
    const text = helpText({ name: 'sv', summary: 'control and query supervised services', help: svHelp() });
    return out(text) ? 0 : 1;
  }
  const name = toolNamed(typed)?.name ?? commandFor(typed, false)?.name;
  if (name !== undefined) return helpOn(name);
  err(`sv: ${visible(`${typed}: ${hintFor(typed, [], lookup().dir)}`)}\n`);
  return USAGE_CODE;
};
