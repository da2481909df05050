// What runsv and runsvdir need for services that have dependencies: most have none, so it takes no place in the heap image.
//
// Read next: effects/service/order.ts (who asks), host/cold.ts, cold-sv.ts (another part).
import { awaitReady, dependentsAmong, order } from './applets/runsv/order.ts';
import { provideCold } from './host/cold.ts';

provideCold('order', { awaitReady, dependentsAmong, order });
