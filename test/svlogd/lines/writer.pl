# Writes counted lines to standard output as a service does that nobody waits for: in pieces of any length, a line cut
# anywhere, at a pace that leaves time for what happens meanwhile.  usage: writer.pl LINES SEED MILLISECONDS
use strict;
my ($lines, $seed, $ms) = @ARGV;
srand $seed;
my $text = join '', map { "line $_ " . 'x' x ($_ * 7919 % 90) . "\n" } 1 .. $lines;
my $pieces = 1 + length($text) / 1500;
for (my $at = 0; $at < length $text;) {
  my $wrote = syswrite STDOUT, $text, 1 + int rand 3000, $at;
  defined $wrote or exit 1;
  $at += $wrote;
  select undef, undef, undef, $ms / 1000 / $pieces;
}
