export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** The script that teaches a shell the commands of this Muster. @param table as `completionTable` makes it. */
export function completionScript(shell: Shell, table: ReadonlyMap<string, string>): string {
  switch (shell) {
    case "bash":
      return `${posixTable(table)}\n${BASH}`;
    case "zsh":
      return `#compdef muster\n${posixTable(table)}\n${ZSH}`;
    case "fish":
      return `${fishTable(table)}\n${FISH}`;
  }
}

/** Nothing in the table is anybody's data: words of commands, quoted all the same. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function posixTable(table: ReadonlyMap<string, string>): string {
  const cases = [...table].map(([key, words]) => `    ${quoted(key)}) REPLY=${quoted(words)} ;;`);
  return ["_muster_know() {", '  case "$1" in', ...cases, "    *) REPLY= ;;", "  esac", "}"].join("\n");
}

function fishTable(table: ReadonlyMap<string, string>): string {
  const text = (words: string) => `'${words.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const cases = [...table].map(([key, words]) => `    case ${text(key)}\n      echo ${text(words)}`);
  return ["function __muster_know", '  switch "$argv[1]"', ...cases, "  end", "end"].join("\n");
}

// Names of the database are asked for only where one of them can stand, and put in quotes: they are somebody's words.
const BASH = `_muster_offer() {
  local name
  case "$1" in
    =*) COMPREPLY+=($(compgen -W "\${1#=}" -- "$2")) ;;
    :) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "$2")) ;;
    @*) while IFS= read -r name; do
          [[ $name == "$2"* ]] && COMPREPLY+=("$(printf %q "$name")")
        done < <("\${COMP_WORDS[0]}" completion-names "\${1#@}" 2>/dev/null) ;;
  esac
}
_muster() {
  local current="\${COMP_WORDS[COMP_CWORD]}" at='' option='' place=0 word i REPLY
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if [[ -n $option ]]; then option=''; continue; fi
    if [[ $word == -* ]]; then
      _muster_know "$at $word"; [[ -n $REPLY ]] && option="$word"; continue
    fi
    _muster_know "$at"
    if ((place == 0)) && [[ " $REPLY " == *" $word "* ]]; then at="\${at:+$at }$word"; else ((place++)); fi
  done
  if [[ -n $option ]]; then _muster_know "$at $option"; _muster_offer "$REPLY" "$current"; return; fi
  if [[ $current == -* ]]; then _muster_know "$at -"; _muster_offer "=$REPLY" "$current"; return; fi
  if ((place == 0)); then _muster_know "$at"; _muster_offer "=$REPLY" "$current"; fi
  _muster_know "$at #$place"; [[ -z $REPLY ]] && _muster_know "$at #*"
  _muster_offer "$REPLY" "$current"
}
complete -F _muster muster`;

const ZSH = `_muster_offer() {
  local -a found
  case "$1" in
    =*) found=(\${=1#=}); compadd -a found ;;
    :) _files ;;
    @*) found=("\${(@f)$("\${words[1]}" completion-names "\${1#@}" 2>/dev/null)}"); found=("\${(@)found:#}"); compadd -a found ;;
  esac
}
_muster() {
  local current="\${words[CURRENT]}" at='' option='' place=0 word i REPLY
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    if [[ -n $option ]]; then option=''; continue; fi
    if [[ $word == -* ]]; then
      _muster_know "$at $word"; [[ -n $REPLY ]] && option="$word"; continue
    fi
    _muster_know "$at"
    if ((place == 0)) && [[ " $REPLY " == *" $word "* ]]; then at="\${at:+$at }$word"; else ((place += 1)); fi
  done
  if [[ -n $option ]]; then _muster_know "$at $option"; _muster_offer "$REPLY"; return; fi
  if [[ $current == -* ]]; then _muster_know "$at -"; _muster_offer "=$REPLY"; return; fi
  if ((place == 0)); then _muster_know "$at"; _muster_offer "=$REPLY"; fi
  _muster_know "$at #$place"; [[ -z $REPLY ]] && _muster_know "$at #*"
  _muster_offer "$REPLY"
}
if [[ $funcstack[1] == _muster ]]; then _muster "$@"; else compdef _muster muster; fi`;

const FISH = `function __muster_offer
  switch "$argv[1]"
    case '=*'
      string split -n ' ' -- (string sub -s 2 -- "$argv[1]")
    case ':'
      __fish_complete_path (commandline -ct)
    case '@*'
      command muster completion-names (string sub -s 2 -- "$argv[1]") 2>/dev/null
  end
end
function __muster
  set -l at ''
  set -l option ''
  set -l place 0
  for word in (commandline -opc)[2..-1]
    if test -n "$option"
      set option ''
    else if string match -q -- '-*' $word
      test -n (__muster_know "$at $word" | string collect; or echo '') && set option $word
    else if test $place -eq 0 && contains -- $word (string split ' ' -- (__muster_know "$at"))
      set at (string trim -- "$at $word")
    else
      set place (math $place + 1)
    end
  end
  set -l current (commandline -ct)
  if test -n "$option"
    __muster_offer (__muster_know "$at $option")
  else if string match -q -- '-*' $current
    __muster_offer "="(__muster_know "$at -")
  else
    test $place -eq 0 && __muster_offer "="(__muster_know "$at")
    set -l here (__muster_know "$at #$place") (__muster_know "$at #*")
    __muster_offer "$here[1]"
  end
end
complete -c muster -f -a '(__muster)'`;
