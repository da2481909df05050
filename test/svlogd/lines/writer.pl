# Writes counted lines to standard output as a service does that nobody waits for: in pieces of any length, a line cut
# anywhere (with `whole`: behind lines only), at a pace that leaves time for what happens meanwhile.
# usage: writer.pl LINES SEED MILLISECONDS [whole]
use strict;
my ($lines, $seed, $ms, $whole) = @ARGV;
srand $seed;
my $text = join '', map { "line $_ " . 'x' x ($_ * 7919 % 90) . "\n" } 1 .. $lines;
my $pieces = 1 + length($text) / 1500;
for (my $at = 0; $at < length $text;) {
  my $size = 1 + int rand 3000;
  if ($whole) {
    my $end = rindex $text, "\n", $at + $size;
    $end = index $text, "\n", $at if $end < $at;
    $size = $end + 1 - $at;
  }
  my $wrote = syswrite STDOUT, $text, $size, $at;
  defined $wrote or exit 1;
  $at += $wrote;
  select undef, undef, undef, $ms / 1000 / $pieces;
}
