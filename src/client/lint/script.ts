// What a shell script that is a ./run says of itself: whether it becomes the daemon, and whether the daemon stays.
//
// Promises: judges only what it understands, a script of sh whose last command stands on a line of its own; what is in
// doubt is no finding. Pure.
import type { Bytes } from '../../abi/bytes.ts';
import { type Directory, entryAt, type Finding } from './model.ts';

const SHELL = /^#!\s*\S*\/(env\s+)?(a|ba|da|k|z)?sh\b/;

/** Options with which well known daemons leave the foreground. */
const DETACHING: readonly (readonly [RegExp, Bytes])[] = [
  [/\bnohup\b/, 'nohup'],
  [/\bstart-stop-daemon\b(?!.*--(stop|status))/, 'start-stop-daemon'],
  [/\bservice\s+\S+\s+start\b/, 'service ... start'],
  [/\/etc\/init\.d\/\S+\s+start\b/, '/etc/init.d/... start'],
  [/\bsystemctl\s+start\b/, 'systemctl start'],
  [/\s--(daemonize|daemon|background|fork|detach)(?![\w=-])/, '--daemon'],
  [/\bapache(2)?ctl\s+start\b/, 'apachectl start'],
  [/\bhttpd\s+-k\s+start\b/, 'httpd -k start'],
  [/\bpg_ctl\b.*\bstart\b/, 'pg_ctl start'],
  [/\bdocker\s+run\b.*\s(-d|--detach)\b/, 'docker run -d'],
];

/** The text without comments, quoted words, here-documents and continued lines: what is left are commands. */
const commandsIn = (text: Bytes): readonly Bytes[] =>
  text
    .replace(/\\\n/g, ' ')
    .replace(/<<-?\s*(['"]?)(\w+)\1[^\n]*\n[\s\S]*?\n\s*\2(?=\n|$)/g, ' ')
    .replace(/'[^']*'/g, "''")
    .replace(/"(?:\\.|[^"\\])*"/g, '""')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');

/** Words after which a line goes on to the next command, or ends a compound one: its end is not judged. */
const COMPOUND = /^(fi|done|esac|else|then|do|\}|\)|;;)|[{(;]$|\b(then|do|else)$|^[\w-]+\s*\(\)/;
const BECOMES = /^(exec|\.|source)\b/;
/** Commands that end a script on purpose. */
const ENDS = /^(exit|return|sleep|wait|while|until|for)\b/;

const lastFindings = (last: Bytes): readonly Finding[] => {
  if (/(^|[^&>|])&$/.test(last)) {
    return [{ level: 'warning', what: "./run leaves its last command in the background ('&')" }];
  }
  if (COMPOUND.test(last) || BECOMES.test(last) || ENDS.test(last) || /(\|\||&&|;|\|)\s*exec\b/.test(last)) return [];
  return [{ level: 'warning', what: "./run does not 'exec' its last command: signals will reach the shell" }];
};

const detachFindings = (commands: readonly Bytes[]): readonly Finding[] =>
  DETACHING.filter(([pattern]) => commands.some((command) => pattern.test(` ${command}`))).map(([, word]) => ({
    level: 'warning',
    what: `./run uses '${word}': a supervised program must stay in the foreground`,
  }));

const isSelf = (command: Bytes, service: Bytes): boolean => {
  const words =
    /\bsv\s+(?:-\S+\s+)*(?:start|up|restart|once)\s+([^;&|]+)/.exec(command)?.[1]?.trim().split(/\s+/) ?? [];
  return words.some((word) => word === service || word.endsWith(`/${service}`));
};

/** Findings about ./run as a script; none where it is no shell script. */
export const scriptFindings = (directory: Directory): readonly Finding[] => {
  const { text } = entryAt(directory, 'run');
  if (!SHELL.test(text)) return [];
  const commands = commandsIn(text.slice(text.indexOf('\n') + 1));
  const last = commands.at(-1);
  return [
    ...(last === undefined ? [{ level: 'warning', what: './run does nothing' } as const] : lastFindings(last)),
    ...detachFindings(commands),
    ...(commands.some((command) => isSelf(command, directory.service))
      ? [{ level: 'warning', what: `./run starts its own service ('sv start ${directory.service}')` } as const]
      : []),
  ];
};
