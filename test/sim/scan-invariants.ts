// What must hold for a scan directory, whatever happens in and around it. Read first: scan-scenario.ts.
//
//   one        never two runsvs hold one service (the lock sees to it), nor is one of them kept that is not wanted
//   care       once things are quiet, each service in the directory has a runsv that lives
//   order      HUP stops every runsv; exit code 111
//   end        a container ends within its deadline, with the right code, nobody is left, and no log is killed before its
//              runsv but at the very last
//   patience   no busy loop, no descriptor kept
import { SIGHUP } from '../../src/abi/signals.ts';
import { DRAIN_MS } from '../../src/machine/container/shutdown.ts';
import type { Ending } from './kernel/kernel.ts';
import { failScan, SCAN, type ScanInvariants, type ScanStory } from './scan-scenario.ts';

/** After this long without events everything must have been put right: a young directory, a restart, a slow TERM. */
const SETTLED_MS = 4500;
const DESCRIPTORS_MAX = 18;

const settled = (story: ScanStory): boolean =>
  story.kernel.mainLives && story.kernel.nowMs > Math.max(story.changedMs, story.bornMs) + SETTLED_MS;

/** The directories that the scan directory names, by inode. */
const wantedKeys = (story: ScanStory): ReadonlySet<string> => {
  const keys = new Set<string>();
  for (const name of story.kernel.user.names(SCAN)) {
    const path = `${SCAN}/${name}/supervise`;
    if (name.startsWith('.') || !story.kernel.user.exists(path)) continue;
    const held = story.kernel.user.open(path);
    if (typeof held === 'number') continue;
    keys.add(`/runsv ${held.description.inode?.number}`);
    held.close();
  }
  return keys;
};

const INIT = 1;
/** Draining, and rounds of killing; then what the virtual machine's own calls take. */
const AFTER_DEADLINE_MS = DRAIN_MS + 300;

const liveKeys = (story: ScanStory): readonly string[] =>
  story.kernel.live().flatMap((process) => (process.key.startsWith('/runsv') ? [process.key] : []));

/** Runsvs that lost their runsvdir: where their service was removed meanwhile, nobody can know of them. */
const orphans = (story: ScanStory): readonly string[] =>
  story.mode === 'first'
    ? []
    : story.kernel.live().flatMap((process) => (process.parentPid === INIT ? [process.key] : []));

const whileItRuns = (story: ScanStory): void => {
  if (story.kernel.overlaps.some((each) => each.key.startsWith('/runsv')))
    failScan(story, 'two runsvs hold one service');
  const open = story.kernel.mainLives ? story.kernel.openFds() : [];
  if (open.length > DESCRIPTORS_MAX) failScan(story, `${open.length} descriptors open: ${open.join(', ')}`);
  if (!settled(story)) return;
  const wanted = wantedKeys(story);
  const live = liveKeys(story);
  const lost = orphans(story);
  const spare = live.filter((key) => !wanted.has(key) && !lost.includes(key));
  if (spare.length > 0) failScan(story, `nobody wants ${spare.join(', ')}`);
  const missing = [...wanted].filter((key) => !live.includes(key));
  // a runsv that ends by itself may be down at this moment, but not at two moments a second apart
  if (missing.length > 0) checkAgain(story, missing);
};

const checkAgain = (story: ScanStory, missing: readonly string[]): void => {
  const { changedMs, runs } = story;
  const starts = missing.map((key) => story.kernel.record(key).starts);
  story.kernel.after(1200, () => {
    if (story.changedMs !== changedMs || story.runs !== runs || !story.kernel.mainLives) return;
    const still = missing.filter((key, at) => story.kernel.record(key).starts === starts[at]);
    if (still.length > 0) failScan(story, `no runsv for ${still.join(', ')}`);
  });
};

const endOfContainer = (story: ScanStory, ending: Ending): void => {
  const code = story.endSignal === SIGHUP ? 111 : 0;
  if (ending.how !== 'exited' || ending.code !== code) failScan(story, `ended by ${JSON.stringify(ending)}`);
  // services of an earlier runsvdir, whose orphans went to process 1, are out of a subreaper's reach
  if (story.left.length > 0 && (story.runs === 1 || story.mode === 'first'))
    failScan(story, `still there at the end: ${story.left.join(', ')}`);
  const deadlineMs = (story.askedMs ?? 0) + story.killAfterMs;
  if (story.endedMs > deadlineMs + AFTER_DEADLINE_MS)
    failScan(story, `took ${story.endedMs - (story.askedMs ?? 0)} ms to end`);
  const hasty = story.logsKilledMs.filter((ms) => ms < deadlineMs + DRAIN_MS);
  if (hasty.length > 0) failScan(story, `logs were killed at ${hasty.join(', ')} ms`);
};

const atTheEnd = (story: ScanStory, ending: Ending): void => {
  if (story.mode !== 'classic') endOfContainer(story, ending);
  else endOfDirectory(story, ending);
};

const endOfDirectory = (story: ScanStory, ending: Ending): void => {
  if (ending.how !== 'exited' || ending.code !== 111) failScan(story, `ended by ${JSON.stringify(ending)}`);
  const wanted = wantedKeys(story);
  const left = liveKeys(story).filter((key) => story.runs === 1 || wanted.has(key));
  if (left.length > 0) failScan(story, `still there after HUP: ${left.join(', ')}`);
};

export const scanInvariants: ScanInvariants = { whileItRuns, atTheEnd };
