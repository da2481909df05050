// The programs of daemontools that do what chpst and sv do: they take nearly all of it from the heap image.
//
// Read next: host/cold.ts, cold-sv.ts (another part), applets/chpst/daemontools.ts, applets/svc.ts.
import { daemontools } from './applets/chpst/daemontools.ts';
import { svc } from './applets/svc.ts';
import { svok } from './applets/svok.ts';
import { provideCold } from './host/cold.ts';

provideCold('daemontools', Object.fromEntries([...daemontools, svc, svok].map((applet) => [applet.name, applet])));
