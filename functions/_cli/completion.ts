/** The scripts by which a shell completes the names of commands and options. */

export interface Completable {
  name: string
  /** `--dataset`, without values. */
  options: readonly string[]
}

export const SHELLS = ['bash', 'zsh'] as const
export type Shell = (typeof SHELLS)[number]

/** For bash: `source <(data-node completion bash)`. For zsh the same, after `compinit`. */
export function completionScript(shell: Shell, commands: readonly Completable[]): string {
  const names = commands.map(({ name }) => name).join(' ')
  const cases = commands
    .filter(({ options }) => options.length > 0)
    .map(({ name, options }) => `    ${name}) words="${options.join(' ')}" ;;`)
  switch (shell) {
    case 'bash':
      return [
        '_data_node() {',
        `  local words="" current="\${COMP_WORDS[COMP_CWORD]}"`,
        `  if [ "$COMP_CWORD" -eq 1 ]; then words="${names}"; else case "\${COMP_WORDS[1]}" in`,
        ...cases,
        '  esac; fi',
        '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
        '}',
        'complete -o default -F _data_node data-node',
      ].join('\n')
    case 'zsh':
      return [
        '#compdef data-node',
        '_data_node() {',
        '  local words_of=""',
        `  if (( CURRENT == 2 )); then words_of="${names}"; else case "\${words[2]}" in`,
        ...cases.map((line) => line.replace('words=', 'words_of=')),
        '  esac; fi',
        `  compadd -- \${=words_of}`,
        '  (( CURRENT > 2 )) && _files',
        '}',
        'compdef _data_node data-node',
      ].join('\n')
    default:
      return shell satisfies never
  }
}
