/** The pull client as a program of its own, compiled from the sources of now. */
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { joinModules } from '../../functions/pull/join-modules.ts'

const SOURCES = 'functions/pull/client'
const OPTIONS = [
  '--ignoreConfig',
  ...['--types', 'node', '--module', 'nodenext', '--target', 'es2023'],
  ...['--strict', '--skipLibCheck', '--rewriteRelativeImportExtensions', '--rootDir', SOURCES],
]

export interface Ended {
  code: number | null
  signal: string | null
  stdout: string
  stderr: string
}

export interface RunningClient {
  pid: number
  ended: Promise<Ended>
  kill(signal: NodeJS.Signals): void
}

export interface CompiledClient {
  /** `pull.mjs`, alone in its folder. */
  path: string
  start(args: readonly string[], env?: Record<string, string>): RunningClient
  run(args: readonly string[], env?: Record<string, string>): Promise<Ended>
  remove(): Promise<void>
}

export async function compiledClient(): Promise<CompiledClient> {
  const home = await mkdtemp(join(tmpdir(), 'pull-client-'))
  const modules = join(home, 'modules')
  const tsc = [join('node_modules', 'typescript', 'bin', 'tsc'), ...OPTIONS, '--outDir', modules, `${SOURCES}/main.ts`]
  await promisify(execFile)(process.execPath, tsc)
  const path = join(home, 'pull.mjs')
  await writeFile(path, await joinModules(modules))
  const start: CompiledClient['start'] = (args, env = {}) => {
    const child = spawn(process.execPath, [path, ...args], { env: { PATH: process.env.PATH, ...env } })
    const said = { stdout: '', stderr: '' }
    child.stdout.on('data', (piece) => {
      said.stdout += piece
    })
    child.stderr.on('data', (piece) => {
      said.stderr += piece
    })
    const ended = new Promise<Ended>((done) => child.on('close', (code, signal) => done({ code, signal, ...said })))
    return { pid: child.pid ?? 0, ended, kill: (signal) => void child.kill(signal) }
  }
  return {
    path,
    start,
    run: (args, env) => start(args, env).ended,
    remove: () => rm(home, { recursive: true, force: true }),
  }
}
