// All parts at once, for builds that have no heap image.
export { applets } from './main.ts';
import './cold-daemontools.ts';
import './cold-init.ts';
import './cold-one.ts';
import './cold-order.ts';
import './cold-ready.ts';
import './cold-setup.ts';
import './cold-sv.ts';
