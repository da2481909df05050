// What the contract suite cannot hold under qemu-user, each with its reason. A failure that is not listed here fails the suite.
//
// On a real kernel all of these hold: boot.ts plays the suite there.

/** vfork is fork: the child's memory is its own, so that spawn learns neither a failure nor the record of its child. */
const VFORK_IS_FORK: readonly string[] = [
  'and so do those that want programs that run, before anything is changed',
  'a relative program is looked for in the child directory, and not along PATH',
  'with SPAWN_CONTROLLING a descriptor 0 that is no terminal is ENOTTY',
  'spawn leaves the signals of the parent as they were',
  'the record is complete when spawn returns, and was before the program ran',
  'where the record cannot be written the program does not run',
  'a child that could not start is gone and reaped when spawn returns',
  'spawn tells why a program could not be run: -(4096 + errno)',
  'spawn tells a file that is being written (ETXTBSY) and arguments too long (E2BIG)',
  'spawn tells a directory that cannot be entered and a descriptor that is not open',
  'spawn leaves no descriptor open in the parent, whether it succeeds or not',
  'a record of which only a part could be written is a failure: ENOSPC',
  'SPAWN_SETSID makes the child lead a session; else it stays in ours',
];

/** qemu takes signals for itself: the highest one, and SA_NOCLDSTOP does not reach the kernel. */
const SIGNALS: readonly string[] = [
  'real-time signals are told by their numbers too',
  'the end of a child is told by SIGCHLD, its stopping and continuing are not',
];

/** Not emulated, or not as the kernel does it: prctl, the memory of arguments, capabilities. */
const PROCESS: readonly string[] = [
  'argWrite changes what ps shows, to the length of the argument and no further, or says ENOSYS',
  'after subreaper the orphans of a child are reaped here',
  'root becomes another user with these groups, and then may do none of it any more: EPERM; others never may',
];

export const NOT_UNDER_QEMU_USER: readonly string[] = [...VFORK_IS_FORK, ...SIGNALS, ...PROCESS];

/** The machine that is booted has BusyBox for its shell, which wants its own name as argv[0] and ignores QUIT; it has no /usr/bin/env. */
export const NOT_IN_SMALL_ROOT: readonly string[] = [
  'spawn passes argv byte for byte, argv[0] included',
  'with SPAWN_ENV the child has exactly this environment, without it ours',
  'waitpid gives the raw wait status: exit code times 256, or the signal, with 128 for a core',
  'exec replaces the program in the same process, with the argv and environment given',
  'after exec no signal is blocked, and what was caught is default',
  'exec with an empty environment keeps ours',
  'catchUnignored leaves alone what is ignored, and what is caught is not blocked',
];

/** Of the output of test/contract/run.ts: what failed and may not, and that it came to its end. */
export const unexpectedFailures = (output: string, expected: readonly string[]): readonly string[] => {
  const failed = [...output.matchAll(/^FAILED: (.*)\n(.*)$/gm)].filter(
    ({ 1: title = '' }) => !expected.includes(title),
  );
  const faults = failed.map(({ 1: title = '', 2: why = '' }) => `${title}: ${why.trim().slice(0, 300)}`);
  const passed = Number(/^(\d+) passed, \d+ failed$/m.exec(output)?.[1] ?? 0);
  return passed > 100 ? faults : [...faults, `expected more than 100 passed, got:\n${output.slice(-2000)}`];
};
