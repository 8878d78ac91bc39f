// Completion scripts, made from the program's own declarations.
import type { Command } from 'commander';
import { algorithms } from '../jose/algorithms.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export function isShell(text: string): text is Shell {
  return shells.some((shell) => shell === text);
}

interface Words {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly {
    readonly flag: string;
    readonly about: string;
    readonly choices: readonly string[];
    readonly takesValue: boolean;
  }[];
  readonly words: readonly string[];
  readonly takesSets: boolean;
}

export function completionScript(shell: Shell, program: Command): string {
  const globals = optionsOf(program);
  const commands = program.commands.map(
    (command): Words => ({
      name: command.name(),
      summary: command.summary(),
      options: optionsOf(command),
      words: command.name() === 'completion' ? shells : command.commands.map((one) => one.name()),
      takesSets: command.usage().includes('set-id'),
    }),
  );
  switch (shell) {
    case 'bash':
      return bash(globals, commands);
    case 'zsh':
      return zsh(globals, commands);
    case 'fish':
      return fish(globals, commands);
  }
}

function optionsOf(command: Command): Words['options'] {
  return command.options
    .filter((option) => !option.hidden)
    .map((option) => ({
      flag: option.long ?? option.short ?? '',
      about: option.description,
      choices: option.argChoices ?? (option.long === '--alg' ? algorithms.map(({ alg }) => alg) : []),
      takesValue: option.required,
    }));
}

const flagsOf = (options: Words['options']) => options.map(({ flag }) => flag).join(' ');
// Set ids are other people's text: they are only ever compared and quoted, never evaluated.
// Unchecked: a key that is pressed must never open a secret, nor run the command that prints it.
const quietly = '--unchecked --quiet --no-input 2>/dev/null';
const listSets = `jwks list ${quietly}`;

function bash(globals: Words['options'], commands: readonly Words[]): string {
  const choices = commands.flatMap(({ options }) => options.filter((option) => option.choices.length > 0));
  const unique = new Map(choices.map((option) => [option.flag, option.choices.join(' ')]));
  const files = ['--keystore', '--secret-file', '--config', '--output'];
  const valued = [...globals, ...commands.flatMap(({ options }) => options)].filter(
    ({ takesValue }) => takesValue,
  );
  const free = [...new Set(valued.map(({ flag }) => flag))].filter(
    (flag) => !unique.has(flag) && !files.includes(flag),
  );
  return `# bash completion of jwks: source <(jwks completion bash)
_jwks() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command='' words='' sets='' word id place
  local -a keystore=()
  for ((place = 1; place < COMP_CWORD; place++)); do
    [[ \${COMP_WORDS[place]} == --keystore ]] || continue
    # bash makes three words of --keystore=DIR.
    word=\${COMP_WORDS[place + 1]}
    [[ $word == = ]] && word=\${COMP_WORDS[place + 2]}
    keystore=(--keystore "$word")
  done
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      ${commands.map(({ name }) => name).join(' | ')}) command=$word; break ;;
    esac
  done
  case $previous in
${[...unique].map(([flag, values]) => `    ${flag}) mapfile -t COMPREPLY < <(compgen -W '${values}' -- "$current"); return ;;`).join('\n')}
    --keystore | --secret-file | --config | --output | -o) compopt -o default; COMPREPLY=(); return ;;
    ${free.join(' | ')}) COMPREPLY=(); return ;;
  esac
  case $command in
    '') words='${commands.map(({ name }) => name).join(' ')}' ;;
${commands.map(({ name, options, words, takesSets }) => `    ${name}) words='${[flagsOf(options), ...words].join(' ').trim()}'${takesSets ? '; sets=yes' : ''} ;;`).join('\n')}
  esac
  [[ $current == -* ]] && words+=' ${flagsOf(globals)}'
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  if [[ $sets == yes && $current != -* ]]; then
    while IFS= read -r id; do
      [[ $id == "$current"* ]] && COMPREPLY+=("$(printf '%q' "$id")")
    done < <(jwks list "\${keystore[@]}" ${quietly})
  fi
}
complete -F _jwks jwks
`;
}

function zsh(globals: Words['options'], commands: readonly Words[]): string {
  return `#compdef jwks
# zsh completion of jwks: jwks completion zsh > "\${fpath[1]}/_jwks"
_jwks() {
  local -a commands options sets
  local command='' word
  commands=(
${commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join('\n')}
  )
  for word in "\${words[@]:1:CURRENT-2}"; do
    (( \${commands[(I)$word:*]} )) && command=$word && break
  done
  if [[ -z $command && $PREFIX != -* ]]; then
    _describe command commands
    return
  fi
  case $command in
${commands.map(({ name, options, words, takesSets }) => `    ${name}) options=(${[...options.map(({ flag, about }) => quote(`${flag}:${about}`)), ...words].join(' ')})${takesSets ? `; sets=("\${(@f)$(${listSets})}")` : ''} ;;`).join('\n')}
  esac
  [[ $PREFIX == -* ]] && options+=(${globals.map(({ flag, about }) => quote(`${flag}:${about}`)).join(' ')})
  _describe option options
  [[ $PREFIX != -* ]] && (( \${#sets} )) && compadd -a sets
  [[ \${words[CURRENT-1]} == (--keystore|--secret-file|--config|--output|-o) ]] && _files
}
if [[ $funcstack[1] == _jwks ]]; then _jwks "$@"; else compdef _jwks jwks; fi
`;
}

function fish(globals: Words['options'], commands: readonly Words[]): string {
  const line = (condition: string, { flag, about, choices }: Words['options'][number]) =>
    `complete -c jwks${condition} -l ${flag.replace(/^--/, '')} -d ${quote(about)}${choices.length > 0 ? ` -xa ${quote(choices.join(' '))}` : ''}`;
  return [
    '# fish completion of jwks: jwks completion fish > ~/.config/fish/completions/jwks.fish',
    'complete -c jwks -f',
    ...commands.map(
      ({ name, summary }) => `complete -c jwks -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
    ),
    ...globals.map((option) => line('', option)),
    ...commands.flatMap(({ name, options, words, takesSets }) => {
      const condition = ` -n '__fish_seen_subcommand_from ${name}'`;
      return [
        ...options.map((option) => line(condition, option)),
        ...(words.length > 0 ? [`complete -c jwks${condition} -a ${quote(words.join(' '))}`] : []),
        ...(takesSets ? [`complete -c jwks${condition} -a '(${listSets})'`] : []),
      ];
    }),
    '',
  ].join('\n');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
