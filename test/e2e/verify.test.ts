/** `verify` as a person runs it: a process against a root that a night left, dead and alive. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { freshRoot, playNight } from './night.ts'

const VERIFY = 'dist/functions/verify/main.js'
const NIGHT = ['--symbols', 'AAPL,MSFT', '--from', '2025-07-01', '--seed', '7']
const PORT = 18_641

interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

async function verify(args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [VERIFY, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text))
  const [code] = await once(child, 'close')
  return { code: code as number | null, ...said }
}

describe('verify: npm run verify', () => {
  let root: string

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'verify-night-'))
    await playNight(root, NIGHT)
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  test.each(['fast', 'exact', 'deep'])('finds nothing after a night and exits with 0 (%s)', async (mode) => {
    const { code, stdout, stderr } = await verify([root, '--mode', mode], { FRED_API_KEY: 'no-such-key-anywhere' })
    expect(stdout).toMatch(
      new RegExp(`^verify ${mode}: \\d+ things checked, 0 errors, 0 warnings, 0 notes: nothing is wrong\n$`),
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('exits with 1 for damage that heals, with 2 for a wrong bundle, and says what to do', async () => {
    const bars = join(root, 'data_layer/curated/equities_bars/year=2025/data.parquet')
    const whole = readFileSync(bars)
    unlinkSync(bars)
    const healing = await verify([root])
    expect(healing.code).toBe(1)
    expect(healing.stdout).toContain('curated/equities_bars/year=2025/data.parquet: expected a file, found none')
    expect(healing.stdout).toContain('The next night rebuilds it from the raw files.')
    writeFileSync(bars, whole)

    const readme = join(root, 'exports/latest/README.md')
    const text = readFileSync(readme)
    unlinkSync(readme)
    const wrong = await verify([root, '--mode', 'exact', '--json'])
    expect(wrong.code).toBe(2)
    const report = JSON.parse(wrong.stdout) as { exitCode: number; counts: object; isLive: boolean; findings: object[] }
    expect(report).toMatchObject({ exitCode: 2, isLive: false, counts: { 'bundle-file-missing': 1 } })
    expect(report.findings[0]).toMatchObject({ invariant: 'I7', severity: 'error' })
    writeFileSync(readme, text)
  })

  test('exits with 3 and one sentence when it cannot run', async () => {
    for (const [args, sentence] of [
      [['/nowhere/at/all'], /^\/nowhere\/at\/all does not exist/],
      [[], /^expected one ROOT/],
      [[root, '--mode', 'thorough'], /^--mode/],
      [[root, '--nonsense'], /Unknown option/],
    ] as const) {
      const { code, stderr } = await verify([...args])
      expect(stderr).toMatch(sentence)
      expect(code).toBe(3)
    }
  })

  test('checks the files of a root whose database is gone, and exits with 3', async () => {
    const copy = await freshRoot()
    await playNight(copy, NIGHT)
    rmSync(join(copy, 'data_layer/state'), { recursive: true })
    const { code, stdout } = await verify([copy, '--mode', 'exact'])
    expect(stdout).toMatch(/not run, for want of a database: .*raw-files/)
    expect(code).toBe(3)
  })

  test('killed with -9 goes on where its notes end', async () => {
    const notes = join(await freshRoot(), 'notes.json')
    const child = spawn(process.execPath, [VERIFY, root, '--mode', 'deep', '--resume', notes], {
      env: { PATH: process.env.PATH },
      stdio: 'ignore',
    })
    const ended = once(child, 'close')
    setTimeout(() => child.kill('SIGKILL'), 1_500)
    await ended
    const { code, stdout } = await verify([root, '--mode', 'deep', '--resume', notes], {
      FRED_API_KEY: 'no-such-key-anywhere',
    })
    expect(stdout).toContain('nothing is wrong')
    expect(code).toBe(0)
  })

  test('asks the node that works on the root, with its token, and does not read behind its back', async () => {
    const token = 'a-token-of-many-signs'
    const node = spawn(process.execPath, ['dist/functions/_runtime/serve.js'], {
      env: {
        PATH: process.env.PATH,
        DATA_ROOT: join(root, 'data_layer'),
        EXPORT_ROOT: join(root, 'exports'),
        CONFIG_DIR: join(root, 'config'),
        CRON_FILE: join(root, 'cron.json'),
        STATE_DIR: join(root, 'remembered'),
        PORT: String(PORT),
        DATA_NODE_TOKEN: token,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    onTestFinished(() => void node.kill('SIGKILL'))
    await new Promise<void>((done) => {
      node.stderr.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('start.listening')) done()
      })
    })
    const env = { PORT: String(PORT), DATA_NODE_TOKEN: token, FRED_API_KEY: 'no-such-key-anywhere' }
    const live = await verify([root, '--mode', 'deep', '--json'], env)
    expect(live.stderr).toBe('')
    expect(JSON.parse(live.stdout)).toMatchObject({ isLive: true, exitCode: 0, counts: {}, failures: [] })
    expect(live.code).toBe(0)
    const stranger = await verify([root, '--url', `http://127.0.0.1:${PORT}`])
    expect(stranger.stderr).toMatch(/could not be asked .*Authorization/)
    expect(stranger.code).toBe(3)
    const elsewhere = await verify([root, '--url', 'http://127.0.0.1:9'])
    expect(elsewhere.stderr).toMatch(/could not be asked \(ECONNREFUSED\)/)
    expect(elsewhere.code).toBe(3)
    node.kill('SIGTERM')
    await once(node, 'close')
  })
})
