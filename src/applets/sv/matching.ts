// Verbs on services whose names may be patterns.
//
// Read next: ../../client/expand-names.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { out } from '../../cli/say.ts';
import { blockedBy } from '../../client/blocked.ts';
import { stopInOrder } from '../../client/stop-order.ts';
import { expandNames } from '../../client/expand-names.ts';
import { withDependents } from './with-dependents.ts';
import { EXPAND_NAMES, MOST_FAILURES, type RunTool } from './tool.ts';

/** What classic commands take from the cold part. */
export const patternParts = { [EXPAND_NAMES]: expandNames, blockedBy, stopInOrder, withDependents };

/** The verb on the services that the names stand for, in `dir` or where services are looked up. Patterns without a match count as failures of its own. */
export const onMatching =
  (run: RunTool, dir?: Bytes): RunTool =>
  (call) => {
    const { names, failed } = expandNames(call.operands, dir);
    if (failed === 0) return run({ ...call, operands: names });
    if (names.length > 0) {
      const code = run({ ...call, operands: names });
      return code > MOST_FAILURES ? code : Math.min(MOST_FAILURES, code + failed);
    }
    // without operands it would take all services
    if (call.given.count('json') > 0) out('[]\n');
    return Math.min(MOST_FAILURES, failed);
  };
