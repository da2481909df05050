// Programs for services, each with one habit.
//
// Promises: every one tells `start PID`, and whatever else its habit is, in a file of its own; and `double PID` where
// another instance of the same service still lives: the lock it holds is the kernel's word for that.
// Read next: service.ts.

/** The beginning of every program: `$told` is the file that it tells things in. */
const witness = (told: string, lock: string): string => `#!/usr/bin/perl
use Fcntl ':flock';
sub tell_ { open my $file, '>>', '${told}'; syswrite $file, "$_[0] $$\\n"; close $file }
open my $lock, '>>', '${told}.${lock}';
flock($lock, LOCK_EX | LOCK_NB) or tell_('double');
`;

/** No signal is let in between the last word and the wait: perl would put it aside, and sleep on. */
const BLOCK = `use POSIX ();
my ($all, $old) = (POSIX::SigSet->new, POSIX::SigSet->new);
$all->fillset;
POSIX::sigprocmask(POSIX::SIG_BLOCK(), $all, $old);
`;
const STAY = 'POSIX::sigsuspend($old) while 1;\n';

const HABITS = {
  /** stays until TERM */
  stays: `${BLOCK}$SIG{TERM} = sub { tell_('term'); exit 0 };\ntell_('start');\n${STAY}`,
  /** stays until KILL */
  stubborn: `${BLOCK}$SIG{TERM} = sub { tell_('term') };\ntell_('start');\n${STAY}`,
  /** leaves signals as they came */
  plain: `tell_('start');\nsleep 3600 while 1;\n`,
  /** stays until TERM, then takes until a file NAME.gate is there */
  slowToGo:
    `my $end = 0;\n$SIG{TERM} = sub { tell_('term'); $end = 1 };\ntell_('start');\n` +
    `select(undef, undef, undef, 0.02) until $end && -e $gate;\nexit 0;\n`,
  /** tells each signal it gets */
  listens: `${BLOCK}for my $name (qw(HUP ALRM INT QUIT USR1 USR2)) { $SIG{$name} = sub { tell_($name) } }\ntell_('start');\n${STAY}`,
  /** ends at once */
  ends: `tell_('start');\nexit 0;\n`,
  /** tells how it was called, then ends */
  tellsItself: `tell_("args @ARGV");\nexit 0;\n`,
  /** vetoes */
  vetoes: `tell_('asked');\nexit 0;\n`,
  /** does not veto */
  allows: `tell_('asked');\nexit 1;\n`,
} as const;

export type Habit = keyof typeof HABITS;

/** A program with `habit` that tells things in the file `told`; instances are those that share `lock`. */
export const habit = (name: Habit, told: string, lock = 'instance'): string =>
  `${witness(told, lock)}my $gate = '${told}.gate';\n${HABITS[name]}`;

/**
 * Writes numbered lines, `INSTANCE NUMBER`, and keeps the number of lines written in a file TOLD.count.INSTANCE:
 * whoever kills it knows up to one line how many were written.
 */
export const writesLines = (
  told: string,
): string => `${witness(told, 'instance')}my $me = sprintf '%d-%d-%d', time, $$, rand 1e9;
open my $count, '>', "${told}.count.$me";
$SIG{PIPE} = sub { tell_('pipe'); exit 1 };
tell_('start');
for (my $n = 1; ; $n++) {
  syswrite(STDOUT, "$me $n\\n") or next;
  sysseek $count, 0, 0; syswrite $count, "$n\\n";
  select undef, undef, undef, 0.002;
}
`;

/** Looks up now and then: a TERM just before the wait for input would be put aside until there is some. */
const COPY = `until ($end) {
  vec(my $in = '', fileno(STDIN), 1) = 1;
  next unless select($in, undef, undef, 0.1) > 0;
  sysread(STDIN, my $text, 65536) or last;
  syswrite $copy, $text;
}
`;

/** Copies its input to TOLD.copy until the input ends, or TERM; what it has read it has written. */
export const copiesLines = (told: string): string => `${witness(told, 'log')}my $end = 0;
$SIG{TERM} = sub { $end = 1 };
open my $copy, '>>', '${told}.copy';
tell_('log');
${COPY}tell_('log-end');
`;

/** As copiesLines, but when its input has ended it waits for a file NAME.gate. */
export const lingers = (told: string): string =>
  copiesLines(told).replace(
    "tell_('log-end')",
    `tell_('log-eof');\nselect undef, undef, undef, 0.02 until -e '${told}.gate';\ntell_('log-end')`,
  );

/** As copiesLines, but the first instance fails once it has copied a line. */
export const failsAfterOneLine = (told: string): string => `${witness(told, 'log')}my $end = 0;
open my $copy, '>>', '${told}.copy';
my $first = -s $copy ? 0 : 1;
tell_('log');
while ($first && sysread STDIN, my $char, 1) { syswrite $copy, $char; exit 1 if $char eq "\\n" }
${COPY}tell_('log-end');
`;

/** Does not end when its input does, nor at the signals given. */
export const ignoresEnd = (told: string, ...ignored: readonly string[]): string => `${witness(told, 'log')}
${BLOCK}$SIG{$_} = 'IGNORE' for qw(${ignored.join(' ')});
tell_('log');
${STAY}`;
