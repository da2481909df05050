// What runsv needs for a service that has dependencies: most have none, so it takes no place in the heap image.
//
// Read next: effects/service/order.ts (who asks), host/cold.ts, cold-sv.ts (another part).
import { order } from './applets/runsv/order.ts';
import { provideCold } from './host/cold.ts';

provideCold('order', { order });
