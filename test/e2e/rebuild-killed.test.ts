/** A process that rebuilds the database is killed again and again: wherever it was killed, the next run ends right. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import type { ManifestLine } from '../../functions/_lake/manifest.ts'
import { manifestFile, rawFile } from '../../functions/_lake/paths.ts'
import { shippedConfig, writeBareConfig } from '../write-config.ts'

const SYMBOLS = 200
const DAYS = calendarOf('xnys').sessions('2024-01-01', '2024-12-31')
const CELLS = SYMBOLS * DAYS.length

let root: string
let env: Record<string, string>
let child: ChildProcess | undefined
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'data-node-rebuild-'))
  env = await writeScene()
  await writeTree()
})
afterEach(async () => {
  await kill()
  await rm(root, { recursive: true, force: true })
})

const data = (...parts: string[]): string => join(root, 'data_layer', ...parts)

/** A node that collects daily bars from one vendor. */
async function writeScene(): Promise<Record<string, string>> {
  const { vendors, datasets, qc } = await shippedConfig()
  const { equities_bars } = vendors.massive!.datasets
  return writeBareConfig(root, {
    vendors: { massive: { ...vendors.massive, datasets: { equities_bars } } },
    datasets: { equities_bars: datasets.equities_bars },
    universe: [{ symbol: 'S0', from: '1990-01-02' }],
    qc,
  })
}

/** A year of days that the symbols share, by name, and a manifest that tells of every cell. */
async function writeTree(): Promise<void> {
  const lines: string[] = []
  for (const dt of DAYS) {
    const file = rawFile(data(), 'massive', 'equities_bars', 'date', dt, 'ANY')
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, 'nobody looks inside')
    for (let at = 0; at < SYMBOLS; at++) {
      const line: ManifestLine = {
        ...{
          dataset: 'equities_bars',
          symbol: `S${at}`,
          dt,
          vendor: 'massive',
          feed: 'sip',
          adjustment: 'raw',
          rows: 1,
        },
        ...{ digest: 'a'.repeat(64), previous: null, verdict: 'new', path: relative(data(), file) },
        ...{ sha256: 'b'.repeat(64), fetched_at: '2025-01-02T00:00:00.000Z' },
      }
      lines.push(`${JSON.stringify(line)}\n`)
    }
  }
  const manifest = manifestFile(data(), 'massive', 'equities_bars', '2025-01-02')
  await mkdir(dirname(manifest), { recursive: true })
  await writeFile(manifest, lines.join(''))
}

/** Starts the node and answers its address; null when it ended before it had one. */
async function start(): Promise<string | null> {
  const started = spawn(process.execPath, ['dist/functions/_runtime/serve.js'], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  child = started
  let said = ''
  return await new Promise((resolve) => {
    started.once('exit', () => resolve(null))
    // Listening goes on: a node whose log nobody reads would stand still.
    started.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0]
      if (address) resolve(address)
    })
  })
}

async function kill(): Promise<void> {
  const dying = child
  child = undefined
  if (!dying || dying.exitCode !== null || dying.signalCode !== null) return
  const gone = new Promise((resolve) => dying.once('exit', resolve))
  dying.kill('SIGKILL')
  await gone
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const rebuild = async (address: string | null): Promise<Record<string, unknown>> => {
  const answer = await fetch(`${address}/audit`, { method: 'POST', body: '{"rebuild":true}' })
  return (await answer.json()) as Record<string, unknown>
}
const present = async (address: string | null): Promise<unknown> =>
  ((await (await fetch(`${address}/status`)).json()) as { coverage: { present: number }[] }).coverage[0]?.present

test('rebuild killed: killed with -9 at any time of the start or of the rebuild, no cell is lost or made up, and a second run changes nothing', async () => {
  for (const ms of [500, 900, 1300]) {
    const starting = start()
    await pause(ms)
    await kill()
    await starting
  }
  expect(await present(await start())).toBe(CELLS)
  for (const dt of DAYS.slice(0, 100)) await rm(rawFile(data(), 'massive', 'equities_bars', 'date', dt, 'ANY'))
  let address: string | null = null
  for (const ms of [150, 400, 700]) {
    await kill()
    address = await start()
    const rebuilding = rebuild(address).catch(() => undefined)
    await pause(ms)
    await kill()
    await rebuilding
  }
  address = await start()
  const left = CELLS - 100 * SYMBOLS
  expect(await rebuild(address)).toMatchObject({ ok: true, files: DAYS.length - 100, cells: left, restored: 0 })
  expect(await present(address)).toBe(left)
  expect(await rebuild(address)).toMatchObject({ restored: 0, cleared: 0, cells: left })

  await kill()
  await rm(data('state'), { recursive: true })
  address = await start()
  expect(await present(address)).toBe(left)
  expect(await rebuild(address)).toMatchObject({ restored: 0, cleared: 0, cells: left, unclaimedFiles: 0 })
})
