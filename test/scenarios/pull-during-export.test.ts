/** A pull that is cut, while the node exports the same day again and then a newer one. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256 } from '../../functions/_lake/digest.ts'
import { closeLake, type Lake, openLake } from '../../functions/_lake/lake.ts'
import { sweepReplaced } from '../../functions/_lake/replaced-bundles.ts'
import { type Bundle, buildBundle } from '../../functions/export/bundle.ts'
import { addBars, D1, D2, D3, fill, requestOn, YEAR } from '../export/recorded-lake.ts'
import { type ExportsServer, exportsServer } from '../exports/small-bundle.ts'
import { type PullFolder, pullFolder, type Wire, wireTo } from '../pull/client/pulling.ts'
import { dailyBar } from '../qc-partition/small-lake.ts'

let home: string
let lake: Lake
let server: ExportsServer
let wire: Wire
let folder: PullFolder
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'pull-during-export-'))
  lake = openLake({ root: join(home, 'data'), exportRoot: join(home, 'exports') })
  server = await exportsServer({ full: null, read: null }, { exportRoot: lake.exportRoot })
  wire = await wireTo(server.address)
  folder = await pullFolder()
})
afterEach(async () => {
  await wire.close()
  await server.close()
  await closeLake(lake)
  await folder.remove()
  await rm(home, { recursive: true, force: true })
})

const NOW = requestOn({ root: '' } as Lake, D2).now
const build = (asof: string): Promise<Bundle> => buildBundle(lake, requestOn(lake, asof))
const isWhole = (path: string): void => void execFileSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: path })

/** A vendor corrects a bar of the year; the day is exported again, and `latest` moves to the next day. */
async function exportAgain(): Promise<Bundle> {
  const corrected = YEAR.map((bar, at) => (at === 0 ? dailyBar(bar.symbol, bar.dt, { close: 101.5 }) : bar))
  const others = [dailyBar('NVDA', D1, { low: -1 }), dailyBar('NVDA', D2)]
  await addBars(lake, 'equities_bars', '2024', [...corrected, ...others])
  const again = await build(D2)
  expect(again.verdict).toBe('replaced')
  await build(D3)
  return again
}

/** Pulls through a wire that is cut once after so many bytes; what happens at the cut. */
async function pullCutAfter(bytes: number, atCut: () => Promise<unknown>) {
  let left = bytes
  let isCut = false
  wire.cutAfter(() => left)
  const sleep = async (): Promise<void> => {
    if (isCut) return
    isCut = true
    left = Number.POSITIVE_INFINITY
    await atCut()
  }
  const result = await folder.pullWith({ sleep }, wire.address, '--parallel', '1')
  return { result, isCut }
}

test('pull: one that is cut, while its day is exported again and latest moves, brings the version it began with', async () => {
  await fill(lake)
  const first = await build(D2)
  const proof =
    (await readFile(join(first.path, 'MANIFEST.json'))).length + (await readFile(join(first.path, 'SHA256SUMS'))).length
  let again: Bundle | undefined
  const { result, isCut } = await pullCutAfter(proof + 4_000, async () => {
    again = await exportAgain()
  })
  expect(isCut).toBe(true)
  expect(result).toMatchObject({ asof: D2, digest: first.digest })
  expect(again?.digest).not.toBe(first.digest)
  isWhole(result.path)
  expect(folder.notes.join('')).not.toContain('another bundle')

  const next = await folder.pull(server.address)
  expect(next.asof).toBe(D3)
  isWhole(next.path)
})

test('pull: one whose version is swept meanwhile goes on with the newest, and keeps what has come', async () => {
  await fill(lake)
  const first = await build(D2)
  const proof =
    (await readFile(join(first.path, 'MANIFEST.json'))).length + (await readFile(join(first.path, 'SHA256SUMS'))).length
  const { result } = await pullCutAfter(proof + 4_000, async () => {
    await exportAgain()
    await sweepReplaced(lake.exportRoot, NOW + 86_400_000)
    await rm(first.path, { recursive: true })
  })
  expect(folder.notes.join('')).toContain('another bundle')
  expect(result.asof).toBe(D3)
  expect(sha256(await readFile(join(result.path, 'SHA256SUMS')))).toBe(result.digest)
  isWhole(result.path)
})
