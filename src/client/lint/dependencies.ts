// What is wrong with the dependencies of a service directory. Pure.
//
// Read first: rules.ts.
import { DEPENDENCY_WORDS, dependencyWords } from '../../formats/dependency.ts';
import { type Dependency, type Directory, entryAt, type Finding } from './model.ts';

const findingsOn = ({ name, text, isThere }: Dependency): readonly Finding[] => {
  const { unknown } = dependencyWords(text);
  return [
    ...unknown.map(
      (word): Finding => ({
        level: 'error',
        what: `./dependencies.d/${name}: expected the words ${DEPENDENCY_WORDS.join(' and ')} or nothing, got '${word}'`,
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
