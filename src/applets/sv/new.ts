// `sv new`: makes service directories, from a command or from a Procfile.
//
// Promises: what exists already is refused and stays as it is; each path that was made is printed. Nothing starts: that is
// `sv link`'s. Read next: link.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { ENOENT } from '../../abi/errno.ts';
import { O_CREAT, O_EXCL, O_NOCTTY, O_NONBLOCK, O_RDONLY, O_WRONLY } from '../../abi/flags.ts';
import { errorText } from '../../cli/errno.ts';
import { err, out, visible } from '../../cli/say.ts';
import { wholeNumber } from '../../formats/decimal.ts';
import { decodeProcfile, replacingShell } from '../../formats/procfile.ts';
import { shellWord } from '../../formats/shell-words.ts';
import { type Errno, isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import { makeInstance } from './instances.ts';
import { isServiceName, NAME_EXPECTED, sourceDirectory } from './source.ts';
import { type Call, MOST_FAILURES } from './tool.ts';

const USAGE_CODE = 100;
const PROGRAM = 0o755;
const PLAIN = 0o644;
const PROCFILE_MOST = 65_535;
/** What foreman gives the first process of a Procfile, and how far the next is. */
const FIRST_PORT = 5000;
const PORT_STEP = 100;
const PORT_MOST = 65_535;

interface File {
  readonly path: Bytes;
  readonly text: Bytes;
  readonly mode: number;
}

const fail = (what: Bytes, why: Bytes): number => {
  err(`sv: new: ${visible(what)}: ${why}\n`);
  return 1;
};

const write = ({ path, text, mode }: File): number => {
  const fd = sys.open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
  if (isErrno(fd)) return fd;
  const written = sys.write(fd, text);
  sys.close(fd);
  return isErrno(written) || written < text.length ? Math.min(-1, written) : 0;
};

const made = (path: Bytes, result: number): boolean => {
  if (result < 0) fail(path, errorText(result));
  else out(`${path}\n`);
  return result >= 0;
};

const chpstOf = ({ given }: Call): Bytes => {
  const user = given.last('user');
  const env = given.last('env');
  const words = [
    ...(user === undefined ? [] : ['-u', shellWord(user)]),
    ...(env === undefined ? [] : ['--env-file', shellWord(env)]),
  ];
  return words.length === 0 ? '' : `chpst ${words.join(' ')} `;
};

/** Instances of a template share its log/run, and log each into a directory of its own. */
const logRunOf = (name: Bytes): Bytes => {
  const dir = `/var/log/${name}`;
  return name.endsWith('@')
    ? '#!/bin/sh\nservice=${PWD%/log}\ndir=/var/log/${service##*/}\nmkdir -p "$dir"\nexec svlogd -tt "$dir"\n'
    : `#!/bin/sh\nmkdir -p ${shellWord(dir)}\nexec svlogd -tt ${shellWord(dir)}\n`;
};

const READY_EXPECTED = 'fd, socket or http:PORT';

/** How the service tells that it is ready, where it tells that by itself. */
const READY: Readonly<Record<string, readonly File[]>> = {
  fd: [{ path: 'notification-fd', text: '3\n', mode: PLAIN }],
  socket: [{ path: 'notification-socket', text: '', mode: PLAIN }],
};

/** The port of `--ready http:PORT`. */
const portIn = (ready: Bytes): number | null => {
  const port = ready.startsWith('http:') ? wholeNumber(ready.slice('http:'.length), PORT_MOST) : null;
  return port === 0 ? null : port;
};

const checkOf = ({ given }: Call): readonly File[] => {
  const port = portIn(given.last('ready') ?? '');
  if (port === null) return [];
  return [
    { path: 'check', text: `#!/bin/sh\nexec svprobe http://127.0.0.1:${port}/\n`, mode: PROGRAM },
    { path: 'check-interval', text: '', mode: PLAIN },
  ];
};

const readinessOf = (call: Call): readonly File[] => {
  const ready = call.given.last('ready') ?? '';
  return Object.hasOwn(READY, ready) ? (READY[ready] as readonly File[]) : checkOf(call);
};

const isReadiness = (text: Bytes): boolean => Object.hasOwn(READY, text) || portIn(text) !== null;

/** What ./run does first; foreman runs its commands beside the Procfile. */
const beforeCommand = (dir: Bytes, port: number): Bytes => `cd ${shellWord(dir)} || exit\nexport PORT=${port}\n`;

/** `command`: as sh takes it. */
const filesOf = (call: Call, name: Bytes, command: Bytes, before: Bytes): readonly File[] => {
  const run = `#!/bin/sh\nexec 2>&1\n${before}exec ${chpstOf(call)}${command}\n`;
  return [
    { path: 'run', text: run, mode: PROGRAM },
    ...(call.given.count('essential') > 0 ? [{ path: 'flag-essential', text: '', mode: PLAIN }] : []),
    ...readinessOf(call),
    ...(call.given.count('log') > 0 ? [{ path: 'log/run', text: logRunOf(name), mode: PROGRAM }] : []),
  ];
};

const make = (call: Call, name: Bytes, command: Bytes, before: Bytes): boolean => {
  const source = sourceDirectory();
  const dir = `${source}/${name}`;
  const result = sys.mkdir(dir, PROGRAM);
  if (result === -ENOENT) {
    fail(source, 'expected a directory, found none: make it, or set SVSRC to another one');
    return false;
  }
  if (!made(dir, result)) return false;
  if (call.given.count('log') > 0 && !made(`${dir}/log`, sys.mkdir(`${dir}/log`, PROGRAM))) return false;
  return filesOf(call, name, command, before).every((file) => {
    const path = `${dir}/${file.path}`;
    return made(path, write({ ...file, path }));
  });
};

const readProcfile = (path: Bytes): Bytes | Errno => {
  const fd = sys.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  if (isErrno(fd)) return fd;
  const text = sys.read(fd, PROCFILE_MOST + 1);
  sys.close(fd);
  return text;
};

/** The directory of a file, absolute. */
const directoryOf = (path: Bytes): Bytes | Errno => {
  const dir = path.slice(0, path.lastIndexOf('/') + 1);
  if (dir[0] === '/') return dir.slice(0, -1) || '/';
  const here = sys.readlink('/proc/self/cwd');
  return isErrno(here) ? here : `${here}/${dir}`.slice(0, -1);
};

const makeFromProcfile = (call: Call, path: Bytes): number => {
  const text = readProcfile(path);
  if (isErrno(text)) return fail(path, errorText(text));
  const dir = directoryOf(path);
  if (isErrno(dir)) return fail('/proc/self/cwd', errorText(dir));
  // a command of which a part is missing may be another command
  if (text.length > PROCFILE_MOST) return fail(path, `longer than ${PROCFILE_MOST} bytes`);
  const entries = decodeProcfile(text);
  if (entries.length === 0) return fail(path, "expected lines 'name: command', found none");
  const failed = entries.filter(
    // a command of a Procfile is a line for the shell
    ({ name, command }, at) =>
      !make(call, name, `sh -c ${shellWord(replacingShell(command))}`, beforeCommand(dir, FIRST_PORT + PORT_STEP * at)),
  );
  return Math.min(MOST_FAILURES, failed.length);
};

const usage = (what: Bytes): number => {
  err(`sv: new: ${what}\n`);
  return USAGE_CODE;
};

/** Options that say what a run script does, which an instance has from its template. */
const OF_A_RUN = ['log', 'user', 'env', 'ready', 'essential', 'procfile'];

const newLike = (call: Call, like: Bytes): number => {
  const other = OF_A_RUN.find((name) => call.given.last(name) !== undefined || call.given.count(name) > 0);
  if (other !== undefined) return usage(`expected no --${other} with --like`);
  const odd = [like, ...call.operands].find((name) => !isServiceName(name));
  if (odd !== undefined) return usage(`${NAME_EXPECTED}, got '${visible(odd)}'`);
  if (call.operands.length === 0) return usage('expected names of instances with --like');
  const run = `${sourceDirectory()}/${like}/run`;
  const stat = sys.stat(run);
  if (isErrno(stat)) return fail(run, errorText(stat));
  const failed = call.operands
    .map((name) => makeInstance(like, name, (path) => void out(`${path}\n`)))
    .filter((failure) => failure !== null);
  for (const { path, errno } of failed) fail(path, errorText(errno));
  return Math.min(MOST_FAILURES, failed.length);
};

export const runNew = (call: Call): number => {
  const ready = call.given.last('ready');
  if (ready !== undefined && !isReadiness(ready)) {
    return usage(`--ready: expected ${READY_EXPECTED}, got '${visible(ready)}'`);
  }
  const like = call.given.last('like');
  if (like !== undefined) return newLike(call, like);
  const procfile = call.given.last('procfile');
  const [name, dashes, ...command] = call.operands;
  if (procfile !== undefined) {
    return name === undefined ? makeFromProcfile(call, procfile) : usage('expected no name with --procfile');
  }
  if (!isServiceName(name)) return usage(`${NAME_EXPECTED}, got '${visible(name ?? '')}'`);
  if (dashes !== '--' || command.length === 0) return usage("expected '--' and a command behind the name");
  return make(call, name, command.map(shellWord).join(' '), '') ? 0 : 1;
};
