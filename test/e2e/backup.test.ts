/** Backup and restore as commands: beside a node that runs, without one, killed half-way, and back on an empty folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'

let home: string
let env: Record<string, string>
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'backup-'))
  env = {
    DATA_ROOT: join(home, 'data'),
    EXPORT_ROOT: join(home, 'exports'),
    STATE_DIR: join(home, 'state'),
    CLOCK_CHECK: 'off',
  }
  onTestFinished(() => rm(home, { recursive: true, force: true }))
})

function run(command: string, args: string[], more: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [`dist/functions/${command}.js`, ...args], {
    env: { PATH: process.env.PATH, ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const told = { stdout: '', stderr: '' }
  child.stdout!.on('data', (text) => {
    told.stdout += text
  })
  child.stderr!.on('data', (text) => {
    told.stderr += text
  })
  const [code] = await once(child, 'close')
  return { code: code as number | null, ...told }
}

async function startNode(): Promise<{ child: ChildProcess; address: string }> {
  const child = run('_runtime/serve', [], { PORT: '0' })
  let told = ''
  const address = await new Promise<string>((resolve, reject) => {
    child.stderr!.on('data', (text) => {
      told += text
      const found = /"address":"([^"]+)"/.exec(told)?.[1]
      if (found) resolve(found)
    })
    child.on('close', () => reject(new Error(`expected a node, got ${told}`)))
  })
  return { child, address }
}

const snapshots = async (): Promise<string[]> => (await readdir(join(home, 'disk/snapshots')).catch(() => [])).sort()

async function writeRaw(files: number): Promise<void> {
  const bytes = Buffer.alloc(20_000, 'bars')
  for (let file = 0; file < files; file++) {
    const folder = join(home, `data/raw/alpaca/equities_bars_minute/date=2025-0${1 + (file % 6)}-03/symbol=S${file}`)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'data.parquet'), Buffer.concat([bytes, Buffer.from(`${file}`)]))
  }
}

test('backup: the running node is asked, a stopped one is copied without it, and a restored one starts', async () => {
  const disk = join(home, 'disk')
  const node = await startNode()
  await writeRaw(20)
  const live = await ended(run('backup/main', [disk, '--url', node.address, '--json']))
  // On one disk with the data: made, with a warning.
  expect(live).toMatchObject({ code: 2, stderr: '' })
  expect(JSON.parse(live.stdout)).toMatchObject({
    newFiles: expect.any(Number),
    warnings: [expect.stringMatching(/same disk/)],
  })
  const unreachable = await ended(run('backup/main', [disk, '--url', 'http://127.0.0.1:1']))
  expect(unreachable).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^the node at .* could not be asked \(ECONNREFUSED\)/),
  })
  expect(await (await fetch(`${node.address}/livez`)).json()).toEqual({ ok: true })
  // A second node finds the database held still.
  const second = await ended(run('_runtime/serve', [], { PORT: '0' }))
  expect(second).toMatchObject({ code: 1, stderr: expect.stringMatching(/another data node is already running/) })
  node.child.kill('SIGKILL')
  await once(node.child, 'close')

  const dead = await ended(run('backup/main', [disk, '--json']))
  expect(dead).toMatchObject({ code: 2, stderr: '' })
  expect(JSON.parse(dead.stdout)).toMatchObject({ newFiles: 0, databaseBytes: expect.any(Number) })

  const to = join(home, 'restored')
  expect(await ended(run('restore/main', [disk, '--to', env.DATA_ROOT!]))).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/is not empty/),
  })
  const restored = await ended(run('restore/main', [disk, '--to', to]))
  expect(restored).toMatchObject({ code: 0, stderr: '' })
  expect(restored.stdout).toMatch(/Restored \d+ files, .*\nNext:\n {2}1\. Compare the configuration/)
  env = { ...env, DATA_ROOT: to, EXPORT_ROOT: join(home, 'exports-2') }
  const again = await startNode()
  expect((await (await fetch(`${again.address}/status`)).json()) as object).toMatchObject({ ok: true })
})

test('backup: killed at any moment it is no backup, and the next run ends it; so does a restore', async () => {
  const disk = join(home, 'disk')
  const node = await startNode()
  await writeRaw(600)
  node.child.kill('SIGTERM')
  await once(node.child, 'close')
  for (const progress of [10, 200, 400]) {
    const child = run('backup/main', [disk])
    const copied = async (): Promise<number> =>
      (await readdir(join(disk, 'blobs'), { recursive: true }).catch(() => [])).length - 256
    while (child.exitCode === null && (await copied()) < progress) await new Promise((resolve) => setImmediate(resolve))
    child.kill('SIGKILL')
    await ended(child)
  }
  const before = await snapshots()
  expect(await ended(run('backup/main', [disk, '--json']))).toMatchObject({ code: 2 })
  expect((await snapshots()).length).toBe(Math.max(1, before.length))

  const to = join(home, 'restored')
  const cut = run('restore/main', [disk, '--to', to])
  const there = async (): Promise<number> =>
    (await readdir(join(to, 'raw'), { recursive: true }).catch(() => [])).length
  while (cut.exitCode === null && (await there()) < 100) await new Promise((resolve) => setImmediate(resolve))
  cut.kill('SIGKILL')
  await ended(cut)
  if ((await readdir(to)).includes('.restore.json')) {
    const refused = await ended(run('_runtime/serve', [], { PORT: '0', DATA_ROOT: to }))
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/restore that was cut off/) })
    expect(await ended(run('restore/main', [disk, '--to', to]))).toMatchObject({ code: 0 })
  }
  expect(
    (await readdir(join(to, 'raw'), { recursive: true })).filter((name) => name.endsWith('data.parquet')),
  ).toHaveLength(600)
})
