// Spans of time for people: `3s`, `4m 5s`, `2d 3h`; at most two units.

const UNITS = [
  { letter: 'd', seconds: 86_400 },
  { letter: 'h', seconds: 3600 },
  { letter: 'm', seconds: 60 },
  { letter: 's', seconds: 1 },
] as const;
type Unit = (typeof UNITS)[number];
/** Seconds: nothing is below them. */
const LAST = UNITS.length - 1;

/** `seconds`: fractions are dropped, less than none counts as none. */
export const spanText = (seconds: number): string => {
  const whole = Math.max(0, Math.floor(seconds));
  for (let at = 0; at < LAST; at++) {
    const { letter, seconds: unit } = UNITS[at] as Unit;
    if (whole < unit) continue;
    const below = UNITS[at + 1] as Unit;
    const rest = Math.floor((whole % unit) / below.seconds);
    return `${Math.floor(whole / unit)}${letter}${rest === 0 ? '' : ` ${rest}${below.letter}`}`;
  }
  return `${whole}s`;
};
