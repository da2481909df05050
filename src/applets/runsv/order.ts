// What runsv and runsvdir have in a cold part: services with dependencies.
//
// Read next: ../../effects/service/dependencies.ts.
export { order } from '../../effects/service/dependencies.ts';
export { dependentsAmong } from '../../machine/scan/waves.ts';
export { awaitReady } from '../../effects/scan/ready.ts';
