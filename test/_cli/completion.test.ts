import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { completionScript } from '../../functions/_cli/completion.ts'

const commands = [
  { name: 'status', options: ['--json'] },
  { name: 'stop', options: [] },
  { name: 'queue', options: ['--dataset', '--json'] },
]

const completed = (words: string): string[] => {
  const script = `${completionScript('bash', commands)}
COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _data_node; echo "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
  expect(stderr).toBe('')
  return stdout.trim().split(' ')
}

describe('completion', () => {
  test('bash completes names of commands, then the options of the one that was named', () => {
    expect(completed('data-node st')).toEqual(['status', 'stop'])
    expect(completed('data-node queue --d')).toEqual(['--dataset'])
    expect(completed('data-node stop --')).toEqual([''])
  })

  test('the script for zsh names every command and option', () => {
    const script = completionScript('zsh', commands)
    for (const { name, options } of commands) for (const word of [name, ...options]) expect(script).toContain(word)
    expect(script.startsWith('#compdef data-node\n')).toBe(true)
  })
})
