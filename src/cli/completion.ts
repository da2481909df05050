// Completion of command lines for bash, written from the same data as --help.
//
// Promises: pure; the script needs nothing but bash and starts no program.
// Read next: help.ts, applet.ts (Help).
import type { Applet } from './applet.ts';
import { type Option, nameOf } from './options.ts';

// $1: words with a dash, $2: letters that take a value, $3: what the first operand may be, $4: what the others are.
const SHARED = `_runitbox_complete() {
  local word=\${COMP_WORDS[COMP_CWORD]} at operands=0 dir
  for ((at = 1; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in
      --* | -*[!${'$'}2]) ;;
      -*) ((operands)) || ((at++)) ;;
      *) ((operands++)) ;;
    esac
  done
  COMPREPLY=()
  ((at > COMP_CWORD)) && return
  if ((!operands)) && [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$1" -- "$word"))
  elif ((!operands)) && [[ $3 ]]; then
    COMPREPLY=($(compgen -W "$3" -- "$word"))
  elif [[ $4 == service && $word != [./]* ]]; then
    for dir in "\${SVDIR:-/etc/service}" /service /var/service; do
      [[ -d $dir ]] && break
    done
    COMPREPLY=($(cd "$dir" 2> /dev/null && compgen -d -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
`;

const dashed = (option: Option): string => `${option.letter === undefined ? '--' : '-'}${nameOf(option)}`;

/** Letters for a bracket expression, which must not be empty: a space is no option. */
const valued = ({ help }: Applet): string =>
  [' ', ...help.options.flatMap(({ letter, value }) => (value === undefined ? [] : [letter]))].join('');

const registration = (applet: Applet): string => {
  const { name, help } = applet;
  const options = [...help.options.map(dashed), '--help'].join(' ');
  const first = (help.firstOperand ?? []).join(' ');
  const data = [options, valued(applet), first, help.operandKind ?? 'file'].map((text) => `'${text}'`).join(' ');
  return `_runitbox_${name}() { _runitbox_complete ${data}; }\ncomplete -F _runitbox_${name} ${name}\n`;
};

/** The whole script, for /usr/share/bash-completion/completions or a shell's start-up file. */
export const completionScript = (applets: readonly Applet[]): string => SHARED + applets.map(registration).join('');
