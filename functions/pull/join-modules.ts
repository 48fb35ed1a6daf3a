/**
 * The pull client as one file: its compiled modules one after the other, each after those it imports, with the imports of Node.js gathered at the top.
 * The modules import nothing else, and no two of them use one name at their top level.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const ENTRY = 'main.js'
const IMPORT = /^import\s*\{([^}]*)\}\s*from\s*'([^']+)';?$/gm

/** `folder` holds the compiled modules. Rejects where there are none, or where one is written in another form. */
export async function joinModules(folder: string): Promise<string> {
  const builtins = new Map<string, Set<string>>()
  const bodies = new Map<string, string>()
  const add = async (name: string): Promise<void> => {
    if (bodies.has(name)) return
    // Noted before its imports are read: its place comes with its text.
    bodies.set(name, '')
    const text = await readFile(join(folder, name), 'utf8')
    for (const [, names = '', from = ''] of text.matchAll(IMPORT)) {
      if (from.startsWith('./')) await add(from.slice(2))
      else builtins.set(from, new Set([...(builtins.get(from) ?? []), ...namesOf(names)]))
    }
    const body = text
      .replaceAll(IMPORT, '')
      .replaceAll(/^export (?=(?:async )?(?:function|const|class|let) )/gm, '')
      .replaceAll(/^export \{\};?$/gm, '')
      .replaceAll(/^\/\/# sourceMappingURL=.*$/gm, '')
      .trim()
    if (/^(?:import|export)\b/m.test(body))
      throw new Error(`expected in ${name} imports and exports by name alone, got another form: it cannot be joined`)
    bodies.delete(name)
    bodies.set(name, `${body}\n`)
  }
  await add(ENTRY)
  const imports = [...builtins]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([from, names]) => `import { ${[...names].sort().join(', ')} } from '${from}'`)
  return `#!/usr/bin/env node\n${imports.join('\n')}\n\n${[...bodies.values()].join('\n')}`
}

const namesOf = (list: string): string[] =>
  list
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
