// Spans of time for people: `3s`, `4m 5s`, `2d 3h`; at most two units.

const UNITS = [
  { letter: 'd', seconds: 86_400 },
  { letter: 'h', seconds: 3600 },
  { letter: 'm', seconds: 60 },
  { letter: 's', seconds: 1 },
] as const;

/** `seconds`: fractions are dropped, less than none counts as none. */
export const spanText = (seconds: number): string => {
  let rest = Math.max(0, Math.floor(seconds));
  const first = UNITS.findIndex((unit) => rest >= unit.seconds);
  const words = UNITS.slice(first < 0 ? -1 : first)
    .slice(0, 2)
    .map(({ letter, seconds: unit }) => {
      const count = Math.floor(rest / unit);
      rest -= count * unit;
      return { count, word: `${count}${letter}` };
    });
  return words
    .filter(({ count }, at) => at === 0 || count > 0)
    .map(({ word }) => word)
    .join(' ');
};
