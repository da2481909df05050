// The rules of the house that no compiler holds: which folder may import which, no dead exports, C kept small.
// Run as `rules.ts`; one line per breach, exit code 1 if there is any.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const C_LINES_MAX = 2000;

/** Folder of src -> the folders it may import from, besides itself: types too. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  main: ['applets', 'cli', 'host'],
  applets: ['client', 'effects', 'log', 'machine', 'formats', 'cli', 'host', 'abi'],
  client: ['effects', 'machine', 'formats', 'cli', 'host', 'abi'],
  effects: ['machine', 'formats', 'cli', 'host', 'abi'],
  log: ['machine', 'formats', 'cli', 'host', 'abi'],
  cli: ['formats', 'host', 'abi'],
  api: ['formats', 'abi'],
  machine: ['formats', 'abi'],
  formats: ['abi'],
  host: ['abi'],
  abi: [],
};

const filesUnder = (folder: string, ending: RegExp): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => ending.test(path));

const roomOf = (path: string): string => {
  const [, room] = path.split('/');
  return room === undefined || room.endsWith('.ts') ? 'main' : room;
};

const breaches: string[] = [];

const checkImports = (path: string, text: string): void => {
  const from = roomOf(path);
  for (const [, target] of text.matchAll(/^(?:import|export)(?: type)? [^;']*? from '(\.[^']*)';/gms)) {
    const file = normalize(join(dirname(path), target ?? ''));
    // what was built is no room
    if (file.startsWith('out/')) continue;
    const to = roomOf(file);
    if (to !== from && !(MAY_IMPORT[from] ?? []).includes(to)) {
      breaches.push(`${path}: ${from} may not import ${target}`);
    }
  }
};

const checkPurity = (path: string, text: string): void => {
  if (!/^src\/(machine|formats)\//.test(path)) return;
  if (
    /\b(sys\.|Date\b|Math\.random|performance|process\.|console\.)/.test(text.replace(/\/\/.*|\/\*[\s\S]*?\*\//g, ''))
  ) {
    breaches.push(`${path}: reaches for the outside world`);
  }
};

/**
 * Files in supervise/ may be anybody's, and are reached through effects/trusted-file.ts alone. These open or look at
 * other things: /proc, /etc, the scan directory, a service's own directory, which are root's or the supervisor's.
 */
const MAY_OPEN: readonly string[] =
  `trusted-file container/checkpoint exec/accounts exec/apply exec/environment exec/identity init/checkpoint init/console
  init/perform init/stop-files process/find-program process/interpreter process/proc process/std-fds scan/claim scan/lock-holder
  scan/read-dir scan/rescan scan/state scan/watch service/acquire service/log-pipe service/spawn service/supervise-dir
  service/survivor`.split(/\s+/);
/** lock locks the directory itself, and looks whether ./log is another one. */
const MAY_ALSO: Readonly<Record<string, RegExp>> = {
  'service/lock': /sys\.open\(`\$\{folder\}supervise`,|sys\.stat\(lock\.folder\)/g,
};
const BY_NAME = /\bsys\.(open|stat|lstat|access|chmod|mkfifo|link|symlink)\(/;
const IN_SUPERVISE = /\bsys\.\w+\([^;]*supervise\/(?!exitcode'\);)/;

/** Log directories may be anybody's too: their files are opened by host/safe-open.ts alone. These two open the directories. */
const LOG_MAY_OPEN = /^src\/log\/(directory|logger)\.ts$/;

const checkLogOpens = (path: string, text: string): void => {
  if (path.startsWith('src/log/') && !LOG_MAY_OPEN.test(path) && /\bsys\.open\(/.test(text)) {
    breaches.push(`${path}: opens a file otherwise than by host/safe-open.ts`);
  }
};

const checkDoor = (path: string, text: string): void => {
  const name = /^src\/effects\/(.*)\.ts$/.exec(path)?.[1];
  if (name === undefined || name === 'trusted-file') return;
  const code = text.replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '').replace(MAY_ALSO[name] ?? /$^/g, '');
  if (code.split('\n').some((line) => IN_SUPERVISE.test(line)) || (!MAY_OPEN.includes(name) && BY_NAME.test(code))) {
    breaches.push(`${path}: opens a file otherwise than by trusted-file.ts`);
  }
};

const sources = filesUnder('src', /\.ts$/);
const all = [...sources, ...filesUnder('test', /\.ts$/), ...filesUnder('build', /\.ts$/)];
const texts = new Map(all.map((path) => [path, readFileSync(path, 'utf8')]));

const checkExports = (path: string, text: string): void => {
  for (const [, name] of text.matchAll(/^export (?:const|let|function|class|interface|type) (\w+)/gm)) {
    const word = new RegExp(`\\b${name}\\b`);
    const used = [...texts].some(([other, body]) => other !== path && word.test(body));
    const usedHere = (text.match(new RegExp(`\\b${name}\\b`, 'g')) ?? []).length > 1;
    // a type that only its own file names is part of what an exported function says
    if (!used && !(usedHere && /^[A-Z]/.test(name ?? ''))) breaches.push(`${path}: nobody uses the export ${name}`);
  }
};

for (const path of sources) {
  const text = texts.get(path) ?? '';
  checkImports(path, text);
  checkPurity(path, text);
  checkDoor(path, text);
  checkLogOpens(path, text);
  if (!path.startsWith('src/abi/') && path !== 'src/api/index.ts') checkExports(path, text);
}

const cLines = filesUnder('src', /\.[ch]$/)
  .map((path) => readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\//g, ''))
  .map((text) => text.split('\n').filter((line) => line.trim() !== '').length)
  .reduce((sum, lines) => sum + lines, 0);
if (cLines > C_LINES_MAX) breaches.push(`src/host: ${cLines} lines of C without comments, at most ${C_LINES_MAX}`);

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
for (const [path, told] of [
  ['Dockerfile', /^ARG VERSION=(.*)$/m],
  ['package-lock.json', /^ {2}"version": "(.*)"/m],
] as const) {
  const there = told.exec(readFileSync(path, 'utf8'))?.[1];
  if (there !== version) breaches.push(`${path}: version ${there}, but package.json has ${version}`);
}

for (const breach of breaches) console.error(breach);
console.log(
  `${sources.length} files of TypeScript, ${cLines} lines of C (comments apart): ${breaches.length} rules broken`,
);
process.exit(breaches.length === 0 ? 0 : 1);
