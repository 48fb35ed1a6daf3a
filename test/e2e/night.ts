/** Plays demo nights as processes, the way a person or a script does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface NightReport {
  asof: string
  cells: { expected: number; present: number; absent: number; held: number }
  tasks: { enqueued: number; filled: number; absent: number; stalled: number }
  vendors: Record<string, { calls: number; rows: number; violations: number }>
  bundle: { path: string; files: number; bytes: number; digest: string }
  seconds: number
  peakRssMb: number
}

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

const DEMO = 'dist/test/demo/main.js'

export async function freshRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'data-node-night-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  return root
}

export function begin(args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [DEMO, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk) => (chunks.stdout += chunk))
  child.stderr?.on('data', (chunk) => (chunks.stderr += chunk))
  const ended = new Promise<Ended>((done) => child.once('close', (code) => done({ code, ...chunks })))
  return { child, ended }
}

/** Plays a night to its end; throws with what it said when it did not end well. */
export async function playNight(root: string, args: readonly string[]): Promise<NightReport> {
  const { code, stdout, stderr } = await begin(['--root', root, '--json', ...args]).ended
  if (code !== 0) throw new Error(`the night ended with ${code}: ${stderr.slice(-2000)}`)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as NightReport
}

/** sha256 of every file below a folder, by relative path; links are left out. */
export async function hashesBelow(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const hashes = await Promise.all(
    files.map(async (file) => [
      file.slice(folder.length + 1),
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    ]),
  )
  return Object.fromEntries(hashes.sort(([a = ''], [b = '']) => (a < b ? -1 : 1)))
}
