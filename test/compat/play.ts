// Plays one case with one suite's programs in a world of its own.
//
// Promises: the world is closed whatever happens; a case that throws becomes an outcome with the reason and a report.
// Read next: world.ts, run.ts.
import type { Case, Outcome, Suite } from './model.ts';
import { World } from './world.ts';

const open = new Set<World>();

/** Ends everything that any world still runs; for the way out. */
export async function closeAll(): Promise<void> {
  for (const world of open) await world.close();
}

export async function play(given: Case, suite: Suite, parent: string, bin: string): Promise<Outcome> {
  const world = new World(parent, bin, suite);
  open.add(world);
  try {
    return await outcome(given, world);
  } finally {
    await world.close();
    open.delete(world);
  }
}

async function outcome(given: Case, world: World): Promise<Outcome> {
  try {
    await given.run(world);
    return { kind: 'played', transcript: world.transcript, report: world.report() };
  } catch (cause) {
    const notes = [...world.transcript].map(([key, value]) => `${key} = ${value}`).join('\n');
    return { kind: 'broken', reason: String(cause), report: `-- notes\n${notes}\n${world.report()}` };
  }
}
