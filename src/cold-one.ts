// What runsvdir needs to supervise services in its own process, as `--one-process` asks.
//
// Read next: host/cold.ts, cold-sv.ts (another part), effects/scan/residents.ts (what is in here).
import { newMany } from './effects/scan/many.ts';
import { newResidents } from './effects/scan/residents.ts';
import { provideCold } from './host/cold.ts';

provideCold('one', { newMany, newResidents });
