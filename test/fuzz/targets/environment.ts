// What variables come from: files of an environment directory, environment files, and the environment they change.
import { changedEnvironment, parseEnvFile, type VariableChange, variableIn } from '../../../src/formats/environment.ts';
import { isParseError } from '../../../src/formats/parse-error.ts';
import { insist, same, type Target } from '../model.ts';

const ENVIRON = ['HOME=/root', 'A=1', 'AB=2', 'B=', '=odd', 'plain', 'A=again'];

const keyOf = (entry: string): string => (entry.includes('=') ? entry.slice(0, entry.indexOf('=')) : entry);

/** The same as changedEnvironment in the plainest way. */
const plainly = (environ: readonly string[], changes: readonly VariableChange[]): readonly string[] => {
  let entries = [...environ];
  for (const { name, value } of changes) {
    const entry = value === null ? name : `${name}=${value}`;
    entries = entries.filter((each) => keyOf(each) !== keyOf(entry));
    entries.push(entry);
  }
  const changed = new Set(changes.map(({ name, value }) => keyOf(value === null ? name : `${name}=${value}`)));
  return entries.filter((entry) => !changed.has(keyOf(entry)) || entry.includes('='));
};

export const envFile: Target = {
  name: 'environment file',
  files: /src\/formats\/environment\.ts$/,
  words: ['A=1\n', '#', '\xef\xbb\xbf', 'HOME', 'A', '\r\n', '=', 'plain', '=odd', 'AB=x'],
  longest: 2000,
  seeds: ['A=1\n# c\n\nHOME\nB="x y"\r\n', 'A B=1', '=x', 'A=\0', '\xef\xbb\xbfC=\xff\n\tD=e'],
  run(input) {
    const changes = parseEnvFile(input, ENVIRON);
    if (isParseError(changes)) {
      insist(/^line \d+: [^\n]{1,120}$/.test(changes.wrong), 'what is wrong is one short line');
      return;
    }
    for (const { name, value } of changes) {
      insist(!/[=\n\0 \t]/.test(name) && name !== '', 'a name is one');
      insist(value !== null && !/[\n\0]/.test(value), 'a value is one line');
    }
    same(changedEnvironment(ENVIRON, changes), plainly(ENVIRON, changes), 'environment');
  },
};

/** A directory: names and contents between separators. */
export const envDirectory: Target = {
  name: 'environment directory',
  files: /src\/formats\/environment\.ts$/,
  words: ['A\x1e', 'HOME\x1e', '\x1f', '\x1e', ' \t\n', '\0', 'A=\x1e'],
  longest: 2000,
  seeds: ['A\x1ex \nb\x1fHOME\x1e', 'A=B\x1ev\x1fA\x1e', '=\x1e\0\0 '],
  run(input) {
    const changes = input.split('\x1f').map((file): VariableChange => {
      const [name = '', content = ''] = file.replaceAll('/', '').split('\x1e');
      const value = variableIn(content);
      insist((value === null) === (content === ''), 'only a file of no bytes removes');
      insist(value === null || !value.includes('\0'), 'no NUL stays');
      insist(value === null || !/[ \t]$/.test(value), 'no blank stays at the end');
      // no name is empty or holds a NUL
      return { name: name.replaceAll('\0', '') || 'X', value };
    });
    same(changedEnvironment(ENVIRON, changes), plainly(ENVIRON, changes), 'environment');
  },
};
