import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../../config/load.ts'
import { readSettings } from '../../functions/_runtime/settings.ts'
import { checkSimulation } from '../../functions/_runtime/simulated-clock.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import { exportsText, labSettings, vendorsText, writeLabFiles } from './lab-node-files.ts'

const URLS = { alpaca: 'http://127.0.0.1:8090', massive: 'http://127.0.0.1:8091', fred: 'http://127.0.0.1:8092' }
const SIMULATION = { shown: Date.UTC(2024, 2, 9, 2), machine: Date.UTC(2026, 0, 5, 10), speed: 10 }

async function freshRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'data-node-lab-files-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  return root
}

test('lab files: the shipped vendors differ in their addresses only, and a simulated clock may be used with them', async () => {
  const root = await freshRoot()
  const { vendors } = await writeLabFiles(root, 'config', URLS, SIMULATION)
  const shipped = parse(await readFile('config/vendor_capabilities.yaml', 'utf8'), { merge: true })
  const written = parse(await readFile(vendors, 'utf8'), { merge: true })
  for (const [name, vendor] of Object.entries<Record<string, unknown>>(shipped.vendors)) {
    const url = URLS[(vendor.connector ?? name) as keyof typeof URLS]
    vendor.base_url = url
    if (vendor.trading_url) vendor.trading_url = url
  }
  expect(written).toEqual(shipped)
  const config = await loadConfig({ folder: join(root, 'config'), vendors: CONNECTORS.map(({ name }) => name) })
  expect(() => checkSimulation(config.vendors, null)).not.toThrow()
})

test('lab files: a second lab writes its own addresses and clock in place of those of the first', async () => {
  const root = await freshRoot()
  await writeLabFiles(root, 'config', URLS, SIMULATION)
  const other = { ...URLS, fred: 'http://127.0.0.1:9000' }
  const { vendors, env } = await writeLabFiles(root, 'config', other, { ...SIMULATION, speed: 1 })
  expect(await readFile(vendors, 'utf8')).toContain('http://127.0.0.1:9000')
  expect(await readFile(env, 'utf8')).toContain('*1')
})

test('lab files: a vendor that the lab does not play is refused, so that nobody asks the real one', () => {
  const text = 'vendors:\n  other: { base_url: https://api.example.org }\n'
  expect(() => vendorsText(text, URLS)).toThrow(/the lab does not play vendor other/)
})

test('lab settings: the node reads them, and a shell keeps odd folders whole', () => {
  const settings = labSettings("/tmp/it's a lab", SIMULATION)
  expect(readSettings(settings)).toMatchObject({ dataRoot: "/tmp/it's a lab/data_layer", simulation: SIMULATION })
  expect(exportsText(settings)).toContain("export DATA_ROOT='/tmp/it'\\''s a lab/data_layer'\n")
})
