// The directory in which service directories are kept, and the names that they may have.
//
// Read next: new.ts, link.ts (who uses it).
import type { Bytes } from '../../abi/bytes.ts';
import { visible } from '../../cli/say.ts';
import { variable } from '../../client/service.ts';

/** Where service directories are kept. */
export const sourceDirectory = (): Bytes => variable('SVSRC') ?? '/etc/sv';

export const NAME_EXPECTED = "expected a name without '/' and without '.' in front";

/** A name that is one component and that a scan directory does not skip. */
export const isServiceName = (name: Bytes | undefined): name is Bytes =>
  name !== undefined && /^[^./][^/]*$/.test(name) && name === visible(name);
