/** Wrong input to the commands: one clear sentence, a non-zero exit, nothing written. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { begin, type Ended, freshRoot } from './night.ts'

describe('bad input: npm run demo', () => {
  test.each([
    [['--symbols', '../x'], /--symbols.*"..\/x"/],
    [['--datasets', 'foo'], /--datasets.*equities_bars/],
    [['--asof', '2025-02-30'], /--asof.*2025-02-30/],
    [['--asof', '2025-07-04'], /no session: take 2025-07-03 or 2025-07-07/],
    [['--asof', '2050-01-03'], /outside the calendar/],
    [['--from', '2030-01-02'], /nothing would be expected/],
    [['--seed', 'x'], /--seed/],
    [['--plan', 'gold'], /--plan/],
    [['--bogus'], /--bogus/],
    [['--alpaca-data', '/no/such/folder'], /--alpaca-data.*no\/such\/folder/],
    [['--universe', '/no/such/file.yaml'], /\/no\/such\/file.yaml: cannot be read/],
  ])('%j is refused in words and leaves no root behind', async (args, sentence) => {
    const root = join(await freshRoot(), 'root')
    const { code, stderr } = await begin(['--root', root, ...args]).ended
    expect(code).not.toBe(0)
    expect(stderr).toMatch(sentence)
    expect(stderr).not.toMatch(/ {4}at /)
    expect(existsSync(root)).toBe(false)
  })

  test('a root that cannot be made is named', async () => {
    const file = join(await freshRoot(), 'file')
    await writeFile(file, '')
    for (const root of [file, join(file, 'below'), '/proc/nowhere']) {
      const { code, stderr } = await begin(['--root', root]).ended
      expect(code).not.toBe(0)
      expect(stderr).toContain(`--root ${root} cannot be used`)
    }
  })

  test('a universe with faults names each with its place', async () => {
    const file = join(await freshRoot(), 'universe.yaml')
    await writeFile(
      file,
      'symbols:\n  - { symbol: "../x", from: 2024-01-02 }\n  - { symbol: AAPL, since: 2024-01-02 }\n',
    )
    const { code, stderr } = await begin(['--root', await freshRoot(), '--universe', file]).ended
    expect(code).not.toBe(0)
    for (const part of ['symbols.0.symbol', 'symbols.1: there is no key since']) expect(stderr).toContain(part)
  })
})

describe('bad input: the options of npm run demo', () => {
  test.each([[['--bogus']], [['--seed', 'x', '--port', 'y']], [['--symbols', 'SPY,NOSUCH']]])(
    '%j ends with 2 and one line',
    async (args) => {
      const { code, stdout, stderr } = await begin(['--root', join(await freshRoot(), 'root'), ...args]).ended
      expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 })
    },
  )

  test('--help ends with 0 and prints every option', async () => {
    const { code, stdout } = await begin(['--help']).ended
    expect(code).toBe(0)
    expect(stdout).toContain('--options-data DIR')
  })
})

describe('bad input: npm start', () => {
  /** Starts the built node; resolves when it ends, or with `ready` when it listens. */
  function start(env: Record<string, string>): { ended: Promise<Ended>; ready: Promise<string>; kill: () => void } {
    const child = spawn(process.execPath, ['dist/functions/_runtime/serve.js'], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stderr = ''
    let listening: (address: string) => void = () => undefined
    const ready = new Promise<string>((done) => {
      listening = done
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
      const address = /"address":"([^"]+)"/.exec(stderr)?.[1]
      if (address) listening(address)
    })
    const ended = new Promise<Ended>((done) => child.once('close', (code) => done({ code, stdout: '', stderr })))
    return { ended, ready, kill: () => child.kill('SIGTERM') }
  }

  test('without keys it says which are missing, serves status, and ends on SIGTERM', async () => {
    const root = await freshRoot()
    const node = start({ DATA_ROOT: join(root, 'data'), EXPORT_ROOT: join(root, 'exports'), PORT: '0' })
    const address = await node.ready
    const status = (await (await fetch(`${address}/status`)).json()) as { vendors: { missing: string }[] }
    expect(status.vendors.map(({ missing }) => missing).join()).toContain('APCA_API_KEY_ID')
    const second = await start({ DATA_ROOT: join(root, 'data'), EXPORT_ROOT: join(root, 'exports'), PORT: '0' }).ended
    expect(second.code).not.toBe(0)
    expect(second.stderr).toContain('another data node is already running')
    node.kill()
    const { code, stderr } = await node.ended
    expect(code).toBe(0)
    expect(stderr).toMatch(/APCA_API_KEY_ID.*MASSIVE_API_KEY.*FRED_API_KEY/)
  })

  test('a busy port is named, and no folder is made', async () => {
    const root = await freshRoot()
    const busy = createServer().listen(0, '127.0.0.1')
    await new Promise((done) => busy.once('listening', done))
    const { port } = busy.address() as { port: number }
    const { code, stderr } = await start({
      DATA_ROOT: join(root, 'data'),
      EXPORT_ROOT: join(root, 'exports'),
      PORT: String(port),
    }).ended
    busy.close()
    expect(code).not.toBe(0)
    expect(stderr).toContain(`port ${port} on 127.0.0.1 is taken`)
    expect(existsSync(join(root, 'data'))).toBe(false)
  })

  test.each([
    [{ HOST: '0.0.0.0' }, /DATA_NODE_TOKEN/],
    [{ PORT: 'http' }, /PORT/],
    [{ CONFIG_DIR: '/no/such/config' }, /\/no\/such\/config\/qc.yaml: cannot be read/],
    [{ DATA_ROOT: '/proc/nowhere' }, /\/proc\/nowhere cannot be used/],
  ])('%j is refused in words', async (env, sentence) => {
    const root = await freshRoot()
    const { code, stderr } = await start({
      DATA_ROOT: join(root, 'data'),
      EXPORT_ROOT: join(root, 'e'),
      PORT: '0',
      ...env,
    }).ended
    expect(code).not.toBe(0)
    expect(stderr).toMatch(sentence)
    expect(stderr).not.toMatch(/ {4}at /)
  })

  test('a malformed configuration lists every fault with its file, and writes nothing', async () => {
    const root = await freshRoot()
    const config = join(root, 'config')
    await mkdir(config)
    await writeFile(join(config, 'vendor_capabilities.yaml'), 'vendors: { alpaca: { base_url: nonsense } }\n')
    await writeFile(join(config, 'datasets.yaml'), 'datasets: [\n')
    await writeFile(join(config, 'qc.yaml'), 'ruleset: 1\n')
    const { code, stderr } = await start({
      CONFIG_DIR: config,
      DATA_ROOT: join(root, 'data'),
      EXPORT_ROOT: join(root, 'e'),
    }).ended
    expect(code).not.toBe(0)
    for (const part of [
      'vendors.alpaca.base_url',
      'datasets.yaml',
      'universe.yaml: cannot be read',
      'qc.yaml: ruleset',
    ]) {
      expect(stderr).toContain(part)
    }
    expect(existsSync(join(root, 'data'))).toBe(false)
  })
})
