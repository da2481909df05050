// The lines that our sv adds on standard error, where C says nothing: why it gave a service up, where it looked, how to get
// help.
//
// Must not hide anything else: a line of another form is compared as any. What they say in which situation is held by
// test/unit/applets; that they are there, by the cases of cases/sv-hints.ts.
// Read next: steps.ts (noteRun).

const REASONS = [
  'runsv has not carried out the command yet',
  'runsv is still running',
  'runsv did not start in time, though runsvdir runs',
  'process \\d+ (is still running|has not ended|has not ended since it got TERM)',
  './finish is still running',
  './run is not running, and will be started again',
  './run has not been up for long enough',
  './run ended (once|\\d+ times) while sv waited',
  './check (is still running|could not be run|exited \\d+|was killed by signal \\d+)',
].map((text) => text.replaceAll('./', '\\./'));

const HINT = new RegExp(
  `^[^ \\n]+: (looked in .* \\((SVDIR|the default, as SVDIR is not set)\\)|'sv --help' explains commands and options|.*: (${REASONS.join('|')}))\\n`,
  'gm',
);

/** What sv said on standard error, without those lines, which are for those that failed. */
export function withoutHints(err: string, end: string): string {
  return end === 'exit 0' ? err : err.replace(HINT, '');
}
