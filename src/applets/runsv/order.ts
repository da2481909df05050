// What runsv and runsvdir have in a cold part: services with dependencies, and who waits for services to be ready.
//
// Read next: ../../effects/service/dependencies.ts, ../../effects/scan/ready.ts.
export { order } from '../../effects/service/dependencies.ts';
export { dependentsAmong } from '../../machine/scan/waves.ts';
export { awaitReady, readyFdOf } from '../../effects/scan/ready.ts';
