// The completion scripts for bash and zsh: one table and one reading of the line for both, and what each shell needs around it.
//
// Promises: pure. Read first: completion-call.ts. Read next: completion-fish.ts.
import type { Call } from './completion-call.ts';

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const caseOf = ({ program, verb, options, operands, verbs }: Call): string =>
  `    ${quoted(`${program} ${verb}`)})\n` +
  `      opts=(${options.map(({ word }) => quoted(word)).join(' ')})\n` +
  `      operands=(${operands.map(quoted).join(' ')})\n` +
  (verbs.length === 0 ? '' : `      verbs=(${verbs.map(quoted).join(' ')})\n`) +
  '      ;;\n';

const table = (calls: readonly Call[]): string =>
  `_runitbox_table() {\n  case $1 in\n${calls.map(caseOf).join('')}    *) return 1 ;;\n  esac\n}\n`;

// Both shells count arrays from 0 here. The callers have these as local variables: line (the words in front), typed (the word to
// complete), kind, found.
const SHARED = `
# What the option takes as its value, in $value.
_runitbox_value() {
  local option letter at
  value=
  for option in "\${opts[@]}"; do
    [[ $option == *=* && \${option%%=*} == "$1" ]] && value=\${option#*=} && return
  done
  [[ $1 == --* || $1 != -??* ]] && return
  for ((at = 1; at < \${#1}; at++)); do
    letter=-\${1:at:1}
    for option in "\${opts[@]}"; do
      [[ $option == "$letter="* ]] || continue
      ((at == \${#1} - 1)) && value=\${option#*=}
      return
    done
  done
}

_runitbox_names() {
  local entry
  for entry in "$1"/*/; do
    [[ -d $entry ]] || continue
    entry=\${entry%/}
    [[ $2 && $entry != *"$2" ]] || found+=("\${entry##*/}")
  done
}

_runitbox_services() {
  local dir=$SVDIR
  if [[ ! $dir ]]; then
    for dir in /etc/service /service /var/service; do [[ -d $dir ]] && break; done
  fi
  if [[ $typed == */* ]]; then
    [[ -d $dir/\${typed%%/*}/log ]] && found=("\${typed%%/*}/log")
  else
    _runitbox_names "$dir" ''
  fi
}

_runitbox_words() {
  local rest=\${1#=}
  while [[ $rest ]]; do
    found+=("\${rest%%|*}")
    [[ $rest == *'|'* ]] || break
    rest=\${rest#*|}
  done
}

# Reads the line: what kind of word comes next, and which there are.
_runitbox_read() {
  local program=\${line[0]##*/} verb= ends= value= at here operand=0 option
  local opts operands verbs
  opts=() operands=(file) verbs=() found=() kind=none
  _runitbox_table "$program " || return
  for ((at = 1; at < \${#line[@]}; at++)); do
    here=\${line[at]}
    if [[ $value ]]; then
      value=
    elif [[ ! $ends && $here == -- ]]; then
      ends=1
    elif [[ ! $ends && $here == -?* ]]; then
      _runitbox_value "$here"
    elif [[ \${operands[0]} == verb && ! $verb ]]; then
      verb=$here
      opts=() operands=(service)
      _runitbox_table "$program $verb"
    else
      ((operand += 1))
      [[ $verb ]] || ends=1
    fi
  done
  if [[ $value ]]; then
    kind=$value
  elif [[ ! $ends && $typed == -* ]]; then
    for option in "\${opts[@]}"; do found+=("\${option%%=*}"); done
    kind=option
    return
  else
    ((operand < \${#operands[@]})) || operand=$((\${#operands[@]} - 1))
    kind=\${operands[operand]}
  fi
  case $kind in
    service) case $typed in [./]*) kind=file ;; *) _runitbox_services ;; esac ;;
    source) _runitbox_names "\${SVSRC:-/etc/sv}" '' ;;
    template) _runitbox_names "\${SVSRC:-/etc/sv}" @ ;;
    verb) found=("\${verbs[@]}") ;;
    '='*) _runitbox_words "$kind" ;;
  esac
}
`;

const BASH = `
_runitbox() {
  local line=() rest=\${COMP_LINE:0:COMP_POINT} typed part at quote= plain prefix kind found name reply
  # bash splits words at @ : = as well
  for ((at = 0; at <= COMP_CWORD; at++)); do
    part=\${COMP_WORDS[at]}
    if ((at == 0)) || [[ $rest == [[:blank:]]* ]]; then
      line+=('')
      rest=\${rest#"\${rest%%[![:blank:]]*}"}
    fi
    ((at == COMP_CWORD)) && part=$rest
    line[\${#line[@]}-1]+=$part
    rest=\${rest#"$part"}
  done
  plain=\${line[\${#line[@]}-1]}
  unset "line[\${#line[@]}-1]"
  prefix=\${plain%"$2"}
  if [[ $plain == [\\'\\"]* ]]; then
    quote=\${plain:0:1} typed=\${plain:1} prefix=
  else
    typed=\${plain//\\\\/}
  fi
  _runitbox_read
  COMPREPLY=()
  case $kind in
    file)
      compopt -o filenames 2> /dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$typed")
      ;;
    user) mapfile -t COMPREPLY < <(compgen -u -- "$typed") ;;
    *)
      for name in "\${found[@]}"; do
        [[ $name == "$typed"* ]] || continue
        if [[ $quote ]]; then reply=$name; else printf -v reply %q "$name"; fi
        COMPREPLY+=("\${reply#"$prefix"}")
      done
      ;;
  esac
}
`;

const ZSH = `
_runitbox() {
  emulate -L zsh
  setopt ksh_arrays no_nomatch
  local -a line found
  local typed kind word
  line=()
  for word in "\${words[@]:0:$((CURRENT - 1))}"; do line+=("\${(Q)word}"); done
  typed=\${(Q)PREFIX}
  _runitbox_read
  unsetopt ksh_arrays
  case $kind in
    file) _files ;;
    user) _users ;;
    *) compadd -- "\${found[@]}" ;;
  esac
}
`;

const programsOf = (calls: readonly Call[]): string => [...new Set(calls.map(({ program }) => program))].join(' ');

export const bashScript = (calls: readonly Call[]): string =>
  `# completion for bash\n${table(calls)}${SHARED}${BASH}complete -F _runitbox ${programsOf(calls)}\n`;

/** Autoloaded by its first line, or sourced after compinit. */
export const zshScript = (calls: readonly Call[]): string =>
  `#compdef ${programsOf(calls)}\n${table(calls)}${SHARED}${ZSH}` +
  `if [[ $funcstack[1] == _runitbox ]]; then _runitbox "$@"; else compdef _runitbox ${programsOf(calls)}; fi\n`;
