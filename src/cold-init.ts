// Process 1 of a system, and what asks it to stop: one process of each, so they need no place in the heap image, which all
// supervisors share.
//
// Read next: host/cold.ts, cold-sv.ts (another part).
import { runit } from './applets/runit.ts';
import { runitInit } from './applets/runit-init.ts';
import { provideCold } from './host/cold.ts';

provideCold('init', { runit, 'runit-init': runitInit });
