// Who depends on whom among services that are to be stopped.
//
// A runsv works in the directory of its service, so that is found by its process: the name may lead elsewhere by now, or nowhere.
// Read next: ../../machine/scan/waves.ts (a cold part: few services have dependencies), perform.ts (who calls).
import type { Bytes } from '../../abi/bytes.ts';
import { isErrno } from '../../host/calls.ts';
import { fromCold } from '../../host/cold.ts';
import { sys } from '../../host/sys.ts';
import type { Dependents, Entry } from '../../machine/scan/table.ts';
import type { Needy } from '../../machine/scan/waves.ts';

type DependentsAmong = (services: readonly Needy[]) => Dependents;

/** null: nobody depends on anybody. */
export const dependentsOf = (entries: readonly Entry[], directoryOf: (pid: number) => Bytes): Dependents | null => {
  const needy: Needy[] = [];
  for (let at = 0; at < entries.length; at++) {
    const { pid, name } = entries[at] as Entry;
    const names: readonly Bytes[] | number = sys.readdir(`${directoryOf(pid)}/dependencies.d`);
    if (!isErrno(names)) needy.push({ name, dependencies: names as readonly Bytes[] });
  }
  return needy.length === 0 ? null : fromCold<DependentsAmong>('order', 'dependentsAmong')(needy);
};
