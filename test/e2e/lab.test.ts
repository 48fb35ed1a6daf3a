/** The lab by itself, as a process: it serves, writes what a node needs, and ends cleanly. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LAB_KEYS } from '../lab/lab.ts'
import { freshRoot } from './night.ts'

function startLab(args: readonly string[]): {
  child: ChildProcess
  said: () => string
  ended: Promise<number | null>
  ready: Promise<void>
} {
  const child = spawn(process.execPath, ['dist/test/lab/main.js', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  let resolveReady: () => void
  const ready = new Promise<void>((resolve) => {
    resolveReady = resolve
  })
  const listen = (chunk: Buffer): void => {
    text += chunk
    if (text.includes('until Ctrl-C')) resolveReady()
  }
  child.stdout?.on('data', listen)
  child.stderr?.on('data', listen)
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, said: () => text, ended, ready }
}

/** The first of three ports that are probably free: the system has just given it away. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return Math.min(port, 65_000)
}

test('lab: it serves a ticker of no universe by its own clock, ends on Ctrl-C, and goes on behind what it showed', async () => {
  const root = await freshRoot()
  const port = await freePort()
  const args = ['--root', root, '--port', String(port)]
  const lab = startLab([...args, '--at', '2024-03-08T21:00'])
  await lab.ready
  const { id, secret } = LAB_KEYS.alpaca
  const query = 'symbols=COST&timeframe=1Day&start=2024-03-07&end=2024-03-07'
  const answer = await fetch(`http://127.0.0.1:${port}/v2/stocks/bars?${query}`, {
    headers: { 'APCA-API-KEY-ID': id, 'APCA-API-SECRET-KEY': secret },
  })
  expect(answer.status).toBe(200)
  expect(((await answer.json()) as { bars: { COST: unknown[] } }).bars.COST).toHaveLength(1)
  expect(await readFile(join(root, 'config/vendor_capabilities.yaml'), 'utf8')).toContain(`http://127.0.0.1:${port}`)
  const clockOf = async (): Promise<number> =>
    Date.parse(/SIMULATED_CLOCK='?([^@]+)@/.exec(await readFile(join(root, 'lab.env'), 'utf8'))?.[1] ?? '')
  const first = await clockOf()
  lab.child.kill('SIGINT')
  expect(await lab.ended).toBe(0)
  expect(lab.said()).toMatch(/alpaca +1 calls, 0 beyond the limit/)

  const again = startLab(args)
  await again.ready
  expect(await clockOf()).toBeGreaterThan(first)
  again.child.kill('SIGTERM')
  expect(await again.ended).toBe(0)
  const other = startLab([...args, '--seed', '2'])
  expect(await other.ended).toBe(2)
  expect(other.said()).toMatch(/was made with --seed 1, and this run is with --seed 2/)
})

test('lab: a taken port is named, and a wrong option leaves no root behind', async () => {
  const busy = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => busy.once('listening', done))
  const { port } = busy.address() as { port: number }
  const lab = startLab(['--root', await freshRoot(), '--port', String(Math.min(port, 65_000))])
  if (port <= 65_000) {
    expect(await lab.ended).toBe(1)
    expect(lab.said()).toContain(`port ${port} on 127.0.0.1 cannot be used`)
  } else lab.child.kill('SIGINT')
  busy.close()
  const root = join(await freshRoot(), 'root')
  const wrong = startLab(['--root', root, '--at', 'now'])
  expect(await wrong.ended).toBe(2)
  expect(existsSync(root)).toBe(false)
})
