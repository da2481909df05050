// What `sv help VERB` says of each verb beyond its row: one paragraph and one example.
//
// Read next: help.ts, tools.ts and commands.ts (the rows).
import type { Example } from '../../cli/applet.ts';

export interface VerbText {
  readonly about: string;
  readonly example: Example;
}

const text = (about: string, command: string, does: string): VerbText => ({ about, example: { command, text: does } });

const UP_IS =
  'It is up when its process has run for 200 milliseconds and is idle, or when ./check succeeds. After processes that have ended ' +
  'meanwhile, the process must run for 1.2 seconds.';
const SHORT = 'The first letter is enough. sv waits for the effect only with -v or -w.';
const sends = (signal: string, does: string): string =>
  `Sends ${signal} to the process of the service, which ${does}. ${SHORT}`;

export const VERB_TEXTS: Readonly<Record<string, VerbText>> = {
  start: text(
    `Makes runsv start the service, and start it again whenever it ends, and waits until it is up. ${UP_IS}`,
    'sv -w 30 start web db',
    'start two services at once, and wait for both for at most half a minute',
  ),
  stop: text(
    'Makes runsv stop the service with TERM and CONT and not start it again, and waits until it is down.',
    'sv stop web',
    'stop it; exit 1 if it still runs after 7 seconds',
  ),
  restart: text(
    `Makes runsv send TERM and CONT to the process and start the service again, and waits for the new process. ${UP_IS}`,
    "sv restart 'web@*'",
    'restart every instance of web',
  ),
  'try-restart': text(
    'Like restart, but a service that is down stays down.',
    'sv try-restart web',
    'after an upgrade: restart it if it runs',
  ),
  reload: text('Sends HUP to the process and prints the state.', 'sv reload nginx', 'read its configuration again'),
  shutdown: text(
    'Stops the service, then its log service, then runsv, and waits until runsv has ended. runsvdir starts a new runsv ' +
      'unless the directory is gone.',
    'sv shutdown web',
    'before its directory is removed',
  ),
  check: text(
    'Sends nothing. Waits until the service is in its wanted state, and ./check, if there is one, succeeds. The exit ' +
      'code is then 0.',
    'sv -w 3 check web',
    'as the health check of a container',
  ),
  'force-stop': text('Like stop, but sends KILL on timeout.', 'sv -w 20 force-stop web', 'give it 20 seconds'),
  'force-reload': text('Like try-restart, but sends KILL on timeout.', 'sv force-reload web', 'for init scripts'),
  'force-restart': text(
    'Like restart, but sends KILL on timeout.',
    'sv force-restart web',
    'restart, whatever it takes',
  ),
  'force-shutdown': text('Like shutdown, but sends KILL on timeout.', 'sv force-shutdown web', 'end it and its runsv'),
  status: text(
    'Prints the state of each service and of its log service. A service that is down is not a failure; a service without a ' +
      'runsv is. With --json it prints an array that docs/sv.schema.json describes.',
    "sv status '*'",
    'all services',
  ),
  up: text(`Makes runsv start the service, and start it again whenever it ends. ${SHORT}`, 'sv up web', 'start it'),
  down: text(`Makes runsv stop the service and not start it again. ${SHORT}`, 'sv down web', 'stop it'),
  once: text(`Makes runsv start the service, but not again when it ends. ${SHORT}`, 'sv once job', 'run it once'),
  pause: text(sends('STOP', 'is suspended'), 'sv pause web', 'suspend it'),
  cont: text(sends('CONT', 'continues'), 'sv cont web', 'end a pause'),
  hup: text(sends('HUP', 'usually reads its configuration again'), 'sv hup web', 'reload'),
  alarm: text(sends('ALRM', 'in svlogd rotates the log'), 'sv alarm web/log', 'rotate the log of web now'),
  interrupt: text(sends('INT', 'usually ends'), 'sv interrupt web', 'interrupt it'),
  quit: text(sends('QUIT', 'usually ends'), 'sv quit nginx', 'let it finish its requests'),
  '1': text(sends('USR1', 'decides what that means'), 'sv 1 nginx', 'reopen its files'),
  '2': text(sends('USR2', 'decides what that means'), 'sv 2 nginx', 'replace its executable'),
  term: text(sends('TERM', 'usually ends; runsv starts it again'), 'sv term web', 'restart, without waiting'),
  kill: text(sends('KILL', 'ends at once; runsv starts it again'), 'sv kill web', 'end a process that hangs'),
  exit: text(`Stops the service, then its log service, then runsv. ${SHORT}`, 'sv exit web', 'end it and its runsv'),
  help: text(
    'Explains a command: its usage, what it does, and an example. Without a command, explains all of them.',
    'sv help wait',
    "the same as 'sv wait --help'",
  ),
  list: text(
    'Prints a table of all services in SVDIR, or of those that match: the condition of each in one word, its PID, how long it ' +
      'has been in this condition, how often it was started, and how it ended last.',
    "sv list 'web@*'",
    'every instance of web',
  ),
  why: text(
    'Explains the condition of a service: why it is not up, how it ended, when it starts again, and the last lines of its log.',
    'sv why web',
    'after a deployment that failed',
  ),
  wait: text(
    'Waits until all services, or with --any one of them, are in a state, and sends nothing. Without -w there is no time limit. ' +
      'The exit code is the number of services that are not in that state.',
    'sv wait -w 60 ready db cache',
    'in a script that needs both',
  ),
  watch: text(
    'Prints what happens to services, one line for each event, until INT or TERM. Services may be added and removed meanwhile.',
    'sv watch --json | jq .event',
    'for a program that reacts',
  ),
  logs: text(
    'Prints the last lines of the logs of services, wherever svlogd writes them; the lines of several services are merged by their ' +
      'time stamps. With -f it keeps printing new lines.',
    'sv logs -n 100 web db',
    'the last 100 lines of both',
  ),
  monitor: text(
    'Shows all services, or those that match, as a table that stays up to date. Keys start, stop and explain them: ? lists ' +
      'the keys, q quits.',
    'sv monitor',
    'watch a machine',
  ),
  metrics: text(
    'Prints services as Prometheus text: whether they are up and ready, starts, failures, memory, CPU time. With --listen ' +
      'it serves that over HTTP.',
    'sv metrics --output /var/lib/prometheus/node-exporter/runit.prom',
    'for the textfile collector',
  ),
  graph: text(
    'Prints the dependencies of services (dependencies.d) as a tree. A service that was shown before is marked ^, one that does not ' +
      'exist missing.',
    'sv graph web',
    'what web waits for',
  ),
  lint: text(
    'Checks service directories, those that are named or all in SVDIR, for mistakes, and starts nothing. The exit code is the ' +
      'number of directories with errors; with --strict, warnings count too.',
    'sv lint --strict /etc/sv/*/',
    'in a build',
  ),
  new: text(
    'Creates a service directory in SVSRC (/etc/sv) that runs a command, one for each line of a Procfile, or instances of a ' +
      'template. Prints each path, and does not change existing files.',
    'sv new --log --user www --ready http:8080 web -- httpd -f -p 8080',
    'a web server with a log, which is ready when it answers',
  ),
  scale: text(
    'Runs this number of instances of NAME@ in SVDIR: creates and links NAME@1, NAME@2 and so on, or removes links from the highest ' +
      'number down and waits until each has stopped.',
    'sv scale web@ 4',
    'run web four times',
  ),
  link: text(
    'Links service directories of SVSRC (/etc/sv) into SVDIR, waits until runsvdir has started a runsv for each, and prints their ' +
      'states.',
    'sv link web',
    "what 'systemctl enable --now' does",
  ),
  remove: text(
    'Removes the links of services from SVDIR and waits until their runsv have ended. If the entry is not a link, that is an error.',
    'sv remove web',
    "what 'systemctl disable --now' does",
  ),
};
