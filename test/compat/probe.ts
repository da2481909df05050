// A shell that tells of the process it is: what chpst has made of it, seen from inside.
//
// Promises: what differs from run to run (process numbers, the shell's own descriptors) is left out or made a word.
// Read next: cases/chpst-state.ts.
import type { Finished } from './processes.ts';
import * as steps from './steps.ts';
import type { World } from './world.ts';
import type { Program } from './model.ts';

const PARTS = {
  ids: `while read -r name rest; do
    case $name in Uid: | Gid: | Groups:) echo "$name $rest" ;; esac
  done < /proc/$$/status`,
  powers: `while read -r name rest; do
    case $name in Cap*: | NoNewPrivs:) echo "$name $rest" ;; esac
  done < /proc/$$/status`,
  session: `read -r stat < /proc/$$/stat; set -- \${stat##*) }
    echo "leads group $([ "$3" = $$ ] && echo yes || echo no), session $([ "$4" = $$ ] && echo yes || echo no)"`,
  nice: 'read -r stat < /proc/$$/stat; set -- ${stat##*) }; echo "nice ${17}"',
  limits: 'while read -r line; do echo "$line"; done < /proc/$$/limits',
  places: 'echo "cwd $(readlink /proc/$$/cwd) root $(readlink /proc/$$/root)"',
  descriptors: `for fd in 0 1 2 3 4 5 6 7 8 9; do
    [ -e /proc/$$/fd/$fd ] || [ -h /proc/$$/fd/$fd ] || continue
    case $fd in [012]) echo "$fd open" ;; *) echo "$fd $(readlink /proc/$$/fd/$fd)" ;; esac
  done`,
  variables: 'env | grep -av "^_=\\|^PATH=" | sort',
  signals: `while read -r name rest; do
    case $name in SigBlk: | SigIgn:) echo "$name $rest" ;; esac
  done < /proc/$$/status`,
  umask: 'echo "umask $(umask)"',
  name: 'echo "by the name $0"',
} as const;

export type Part = keyof typeof PARTS;

export const ALL_PARTS = Object.keys(PARTS) as readonly Part[];

/** The words that run the probe, to stand behind options; what it tells goes to standard error where 1 is closed. */
export function probe(...parts: readonly Part[]): readonly string[] {
  const text = (parts.length === 0 ? ALL_PARTS : parts).map((part) => PARTS[part]).join('\n');
  return ['/bin/sh', '-c', `[ -e /proc/$$/fd/1 ] || exec 1> "$WORLD/.tmp/out"\n${text}`];
}

/** The usage text says nothing that other cases do not; the line before it does. */
function withoutUsage(text: string): string {
  return text.replace(/^usage: .*\n\n?/m, '(usage)\n');
}

/** Runs a program and notes how it ended and what it printed. */
export async function tell(world: World, key: string, program: Program, args: readonly string[]): Promise<Finished> {
  const ran = await world.run(program, args);
  steps.noteRun(world, key, { ...ran, err: withoutUsage(ran.err) });
  return ran;
}

/** Notes what ours does against what is written here; C's programs know nothing of it. */
export function held(world: World, program: Program, key: string, wanted: string, got: string): void {
  world.note(key, world.suite.origins[program] === 'ours' ? got : wanted);
}
