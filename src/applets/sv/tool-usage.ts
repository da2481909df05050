// The usage line of a verb with options.
import type { Option } from '../../cli/options.ts';
import type { Tool } from './tool.ts';

const shownName = (option: Option): string => (option.letter === undefined ? `--${option.long}` : `-${option.letter}`);

/** What stands behind `sv` in the verb's usage line. */
export const usageOfTool = ({ name, options, operands }: Tool): string =>
  [
    name,
    ...options.map((option) => `[${shownName(option)}${option.value === undefined ? '' : ` ${option.value}`}]`),
    operands,
  ].join(' ');
