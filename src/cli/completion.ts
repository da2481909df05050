// Completion of command lines for bash, zsh and fish, written from the same tables as parsing and --help.
//
// Promises: pure; the scripts start no program. Names with blanks and quotes become one word.
// Read next: completion-sh.ts, completion-fish.ts (the scripts), applet.ts (Help).
import type { Applet } from './applet.ts';
import type { Call, CompletionScript, Shell } from './completion-call.ts';
import { fishScript } from './completion-fish.ts';
import { bashScript, zshScript } from './completion-sh.ts';
import type { Option } from './options.ts';

/** What a value is, by what the tables call it. */
const kindOfValue = (value: string): string => {
  if (value === 'file' || value === 'template') return value;
  if (value.startsWith('user')) return 'user';
  return value.includes('|') ? `=${value.replace(/[a-z]+$/, '')}` : 'none';
};

const optionOf = (option: Option): Call['options'][number] => ({
  word:
    (option.letter === undefined ? `--${option.long}` : `-${option.letter}`) +
    (option.value === undefined ? '' : `=${kindOfValue(option.value)}`),
  text: option.text,
});

const HELP = { word: '--help', text: 'explain the call' };

const callsOf = ({ name, summary, help }: Applet): readonly Call[] => {
  const { verbs = [], firstOperand = [], operandKind = 'file' } = help;
  const first = firstOperand.length === 0 ? [] : [`=${firstOperand.join('|')}`];
  const common = { program: name, verb: '', text: summary, verbs: verbs.map((verb) => verb.name) };
  const operands = verbs.length > 0 ? ['verb'] : [...first, operandKind];
  return [
    { ...common, options: [...help.options.map(optionOf), HELP], operands },
    ...verbs.map((verb) => ({
      program: name,
      verb: verb.name,
      text: verb.text,
      options: verb.options.map(optionOf),
      operands: verb.operands,
      verbs: [],
    })),
  ];
};

const SCRIPTS: Readonly<Record<Shell, (calls: readonly Call[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** The whole script, for the directory in which the shell looks for completions, or for its start-up file. */
export const completionScript: CompletionScript = (applets, shell) => SCRIPTS[shell](applets.flatMap(callsOf));
