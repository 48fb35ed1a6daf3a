/** The project's own source files as text: what they import, and their code without comments. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

export interface Import {
  /** A path from the project's root for our own files, the bare name for packages and Node. */
  target: string
  isOurs: boolean
  /** True when only types come over. */
  isType: boolean
}

export interface SourceFile {
  path: string
  text: string
  /** The text with comments blanked out. */
  code: string
  imports: Import[]
}

/** All TypeScript files below the given folders, sorted by path. */
export function sourceFiles(...folders: string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => join(folder, name))
      .sort()
      .map(readSource),
  )
}

function readSource(path: string): SourceFile {
  const text = readFileSync(path, 'utf8')
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1')
  return { path, text, code, imports: importsOf(path, code) }
}

const STATIC = /^(?:import|export)\s+(type\s+)?([\w*\s{},$]*?)\s*from\s*'([^']+)'/gm
const BARE = /^import\s*'([^']+)'/gm
const DYNAMIC = /\bimport\(\s*'([^']+)'/g

function importsOf(path: string, code: string): Import[] {
  const found = [
    ...[...code.matchAll(STATIC)].map(([, type, names = '', from = '']) => ({
      from,
      isType: type !== undefined || isTypesOnly(names),
    })),
    ...[...code.matchAll(BARE), ...code.matchAll(DYNAMIC)].map(([, from = '']) => ({ from, isType: false })),
  ]
  return found.map(({ from, isType }) => ({
    target: from.startsWith('.') ? normalize(join(dirname(path), from)) : from,
    isOurs: from.startsWith('.'),
    isType,
  }))
}

/** `{ type A, type B }`: every name is a type. */
function isTypesOnly(names: string): boolean {
  const list = /^\{([^}]*)\}$/.exec(names.trim())?.[1]
  const given =
    list
      ?.split(',')
      .map((name) => name.trim())
      .filter(Boolean) ?? []
  return given.length > 0 && given.every((name) => name.startsWith('type '))
}
