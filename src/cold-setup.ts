// What sets a system up or explains it, and is seldom called: runsvchdir, utmpset, svprobe, pause, and what `runitbox` itself does.
//
// Read next: host/cold.ts, cold-sv.ts (another part), applets/runitbox.ts (who asks).
import { pause } from './applets/pause.ts';
import { runsvchdir } from './applets/runsvchdir.ts';
import { asItself } from './applets/runitbox/itself.ts';
import { svprobe } from './applets/svprobe.ts';
import { utmpset } from './applets/utmpset.ts';
import { helpText } from './cli/help.ts';
import { provideCold } from './host/cold.ts';

provideCold('setup', { asItself, helpText, pause, runsvchdir, svprobe, utmpset });
