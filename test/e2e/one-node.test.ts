import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startHrana } from '../hrana/server.ts'

interface NodeProcess {
  child: ChildProcess
  /** Resolves with the node's address. */
  ready: Promise<string>
  ended: Promise<{ code: number | null; stderr: string; seconds: number }>
}

function startProcess(env: Record<string, string>): NodeProcess {
  const begun = performance.now()
  const child = spawn(process.execPath, ['dist/functions/_runtime/serve.js'], {
    env: { PATH: process.env.PATH, PORT: '0', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stderr = ''
  const ready = new Promise<string>((resolve) => {
    child.stderr!.on('data', (chunk) => {
      stderr += chunk
      const address = /"address":"([^"]+)"/.exec(stderr)?.[1]
      if (address) resolve(address)
    })
  })
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    stderr,
    seconds: (performance.now() - begun) / 1_000,
  }))
  return { child, ready, ended }
}

test('one node to a data root: with one libSQL server for both, the second is refused in one sentence; after kill -9 of the first it starts', async () => {
  const root = await mkdtemp(join(tmpdir(), 'one-node-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const server = await startHrana({ file: join(root, 'server.db') })
  onTestFinished(() => server.close())
  const env = { DATABASE_URL: server.url, DATA_ROOT: join(root, 'data'), EXPORT_ROOT: join(root, 'exports') }

  const first = startProcess(env)
  await first.ready
  const second = await startProcess(env).ended
  expect(second.code).toBe(1)
  expect(second.stderr.trim().split('\n')).toEqual([
    expect.stringMatching(
      /^another data node is already running on .*data \(process \d+ on .*\): stop it, or give this one a DATA_ROOT and an EXPORT_ROOT of its own$/,
    ),
  ])
  const sharing = await startProcess({ ...env, DATA_ROOT: join(root, 'other') }).ended
  expect(sharing.stderr).toMatch(/already running on .*exports/)

  first.child.kill('SIGKILL')
  await first.ended
  const third = startProcess(env)
  expect(await (await fetch(`${await third.ready}/livez`)).json()).toEqual({ ok: true })
})
