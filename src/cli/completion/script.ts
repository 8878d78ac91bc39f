// Completion scripts. They know nothing of jwks: each asks `jwks __complete` what can stand at the cursor.
//
// The answer is a line that says what it is (words, files, directories), then a line a word: the word, and behind a
// tab what it means. Set ids are other people's text: they are compared and quoted, and never evaluated.

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export function isShell(text: string): text is Shell {
  return shells.some((shell) => shell === text);
}

export function completionScript(shell: Shell): string {
  return { bash, zsh, fish }[shell];
}

const bash = `# bash completion of jwks, in ~/.bashrc: eval "$(jwks completion bash)"
_jwks() {
  local rest=\${COMP_LINE:0:COMP_POINT} piece='' blank='' head='' kind='' line='' place=0
  local -a words=()
  COMPREPLY=()
  # bash makes several words of --keystore=DIR and of urn:example:a. What stands together is one.
  for ((place = 0; place <= COMP_CWORD; place++)); do
    piece=\${COMP_WORDS[place]}
    blank=\${rest%%[![:space:]]*}
    rest=\${rest:\${#blank}}
    ((place == COMP_CWORD)) && [[ -n $COMP_LINE ]] && piece=$rest
    if ((place == 0)) || [[ -n $blank || -z $COMP_LINE ]]; then
      words+=("$piece")
    else
      words[\${#words[@]} - 1]+=$piece
    fi
    rest=\${rest:\${#piece}}
  done
  # What readline leaves alone: all before the last = or :.
  head=\${words[\${#words[@]} - 1]}
  [[ $piece == [=:] ]] || head=\${head%"$piece"}
  while IFS= read -r line; do
    if [[ -z $kind ]]; then kind=$line; else COMPREPLY+=("\${line#"$head"}"); fi
  done < <(command jwks __complete bash "\${words[@]:1}" 2>/dev/null </dev/null)
  [[ $kind == words ]] || compopt -o default 2>/dev/null
  [[ \${#COMPREPLY[@]} == 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _jwks jwks
`;

const zsh = `#compdef jwks
# zsh completion of jwks, in ~/.zshrc: eval "$(jwks completion zsh)"
_jwks() {
  local -a lines names shown ends
  local line name text head
  integer width=0
  lines=("\${(@f)$(command jwks __complete zsh "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null </dev/null)}")
  if [[ \${lines[1]} == (files|directories) ]]; then
    if [[ $PREFIX == --*=* ]]; then
      head=\${PREFIX%%=*}=
      compset -p $#head
    fi
    if [[ \${lines[1]} == files ]]; then _files; else _files -/; fi
    return
  fi
  for line in "\${(@)lines[2,-1]}"; do
    name=\${line%%$'\\t'*}
    (( \${(m)#name} > width )) && width=\${(m)#name}
  done
  for line in "\${(@)lines[2,-1]}"; do
    name=\${line%%$'\\t'*} text=\${line#*$'\\t'}
    [[ -n $text ]] && text="\${(mr:width:)name}  $text" || text=$name
    if [[ $name == *= ]]; then
      ends=("$text")
      compadd -l -S '' -d ends -- "$name"
    else
      names+=("$name")
      shown+=("$text")
    fi
  done
  (( $#names )) && compadd -l -d shown -a -- names
}
if [[ $funcstack[1] == _jwks ]]; then
  _jwks "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
  compdef _jwks jwks
fi
`;

const fish = `# fish completion of jwks: jwks completion fish > ~/.config/fish/completions/jwks.fish
function __jwks_complete
    set -l typed (commandline -opc)
    set -e typed[1]
    set -l current (commandline -ct)
    # A quote that is still open cannot be taken away as a whole.
    set -l plain (string unescape -- $current); or set plain (string replace -r '^["\\']' '' -- $current)
    set -l lines (command jwks __complete fish $typed "$plain" 2>/dev/null </dev/null)
    set -l kind $lines[1]
    set -e lines[1]
    set -l head (string match -r -- '^--[a-z-]+=' "$plain")
    set -l value (string replace -r -- '^--[a-z-]+=' '' "$plain")
    switch "$kind"
        case files
            set lines (__fish_complete_path "$value")
        case directories
            set lines (__fish_complete_directories "$value" '')
        case '*'
            set head ''
    end
    for line in $lines
        echo -- "$head$line"
    end
end
complete -c jwks -e
complete -c jwks -k -f -a '(__jwks_complete)'
`;
