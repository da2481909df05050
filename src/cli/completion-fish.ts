// The completion script for fish, with the texts of verbs and options beside them.
//
// Promises: pure. Read first: completion-call.ts.
import type { Call } from './completion-call.ts';

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
const list = (words: readonly string[]): string => words.map(quoted).join(' ');

const textsOf = (call: Call, calls: readonly Call[]): readonly string[] =>
  call.verbs.map(
    (name) => `${name}\t${calls.find(({ program, verb }) => program === call.program && verb === name)?.text}`,
  );

const caseOf = (call: Call, calls: readonly Call[]): string =>
  `        case ${quoted(`${call.program} ${call.verb}`)}\n` +
  `            set -g __runitbox_options ${list(call.options.map(({ word, text }) => `${word}\t${text}`))}\n` +
  `            set -g __runitbox_operands ${list(call.operands)}\n` +
  (call.verbs.length === 0 ? '' : `            set -g __runitbox_verbs ${list(textsOf(call, calls))}\n`);

const table = (calls: readonly Call[]): string =>
  `function __runitbox_table\n    switch $argv[1]\n${calls.map((call) => caseOf(call, calls)).join('')}` +
  "        case '*'\n            return 1\n    end\nend\n";

const SHARED = `
# What the option takes as its value.
function __runitbox_value
    for option in $__runitbox_options
        set -l word (string split -m 1 \\t -- $option)[1]
        set -l parts (string split -m 1 = -- $word)
        set -q parts[2]; or continue
        if test "$argv[1]" = "$parts[1]"
            echo $parts[2]
        else if string match -qr -- '^-[^-]$' $parts[1]
            and string match -qr -- "^-[^-]*"(string sub -s 2 -- $parts[1])'$' "$argv[1]"
            echo $parts[2]
        end
    end | head -n 1
end

function __runitbox_names
    for path in $argv[1]/*/
        set -l name (string replace -r '/$' '' -- $path)
        string match -q -- "*$argv[2]" $name; and string replace -r '^.*/' '' -- $name
    end
end

function __runitbox_services
    set -l dir $SVDIR
    if not set -q dir[1]
        for each in /etc/service /service /var/service
            test -d $each; and set dir $each; and break
        end
    end
    set -l head (string split -m 1 / -- $argv[1])
    if set -q head[2]
        test -d "$dir/$head[1]/log"; and echo $head[1]/log
    else
        __runitbox_names $dir ''
    end
end

function __runitbox_complete
    set -l program $argv[1]
    set -l line (commandline -opc)
    set -l typed (commandline -ct | string unescape 2> /dev/null; or commandline -ct)
    set -g __runitbox_options
    set -g __runitbox_operands file
    set -g __runitbox_verbs
    __runitbox_table "$program "; or return
    set -l verb
    set -l ends
    set -l value
    set -l operand 1
    for here in $line[2..-1]
        if test -n "$value"
            set value
        else if test -z "$ends" -a "$here" = --
            set ends 1
        else if test -z "$ends"; and string match -qr -- '^-.' $here
            set value (__runitbox_value $here)
        else if test "$__runitbox_operands[1]" = verb -a -z "$verb"
            set verb $here
            set -g __runitbox_options
            set -g __runitbox_operands service
            __runitbox_table "$program $verb"
        else
            set operand (math $operand + 1)
            test -n "$verb"; or set ends 1
        end
    end
    set -l kind $value
    if test -z "$kind"
        if test -z "$ends"; and string match -q -- '-*' "$typed"
            for option in $__runitbox_options
                string replace -r -- '=[^\\t]*' '' $option
            end
            return
        end
        test $operand -le (count $__runitbox_operands); or set operand (count $__runitbox_operands)
        set kind $__runitbox_operands[$operand]
    end
    set -l source $SVSRC
    set -q source[1]; or set source /etc/sv
    switch $kind
        case file
            __fish_complete_path (commandline -ct)
        case user
            __fish_complete_users
        case service
            if string match -qr -- '^[./]' "$typed"
                __fish_complete_path (commandline -ct)
            else
                __runitbox_services "$typed"
            end
        case source
            __runitbox_names $source ''
        case template
            __runitbox_names $source @
        case verb
            printf '%s\\n' $__runitbox_verbs
        case '=*'
            string split '|' -- (string sub -s 2 -- $kind)
    end
end
`;

export const fishScript = (calls: readonly Call[]): string => {
  const programs = [...new Set(calls.map(({ program }) => program))];
  return `# completion for fish\n${table(calls)}${SHARED}${programs
    .map((name) => `complete -c ${name} -e\ncomplete -c ${name} -f -a '(__runitbox_complete ${name})'\n`)
    .join('')}`;
};
