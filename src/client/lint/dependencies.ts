// What is wrong with the dependencies of a service directory. Pure.
//
// Read first: rules.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { type Dependency, type Directory, entryAt, type Finding } from './model.ts';

const WORDS: readonly Bytes[] = ['optional', 'restart'];

const wordsIn = (text: Bytes): readonly Bytes[] =>
  (text.split('\n', 1)[0] ?? '').split(/[ \t]+/).filter((word) => word !== '');

const findingsOn = ({ name, text, isThere }: Dependency): readonly Finding[] => {
  const wrong = wordsIn(text).filter((word) => !WORDS.includes(word));
  return [
    ...wrong.map(
      (word): Finding => ({
        level: 'error',
        what: `./dependencies.d/${name}: expected the words ${WORDS.join(' and ')} or nothing, got '${word}'`,
      }),
    ),
    ...(isThere
      ? []
      : [{ level: 'warning', what: `./dependencies.d/${name}: there is no service of this name` } as const]),
  ];
};

export const dependencyFindings = (directory: Directory): readonly Finding[] => {
  const { kind } = entryAt(directory, 'dependencies.d');
  if (kind !== 'missing' && kind !== 'directory') {
    return [{ level: 'error', what: './dependencies.d is not a directory' }];
  }
  const { cycle, service, dependencies } = directory;
  const round: readonly Finding[] =
    cycle === null
      ? []
      : [{ level: 'error', what: `./dependencies.d: a cycle of dependencies: ${[service, ...cycle].join(' -> ')}` }];
  return [...round, ...dependencies.flatMap(findingsOn)];
};
