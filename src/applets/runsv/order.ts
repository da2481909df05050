// What runsv has in a cold part: services with dependencies.
//
// Read next: ../../effects/service/dependencies.ts.
export { order } from '../../effects/service/dependencies.ts';
