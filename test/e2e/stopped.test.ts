/** A node that is told to stop while a vendor has not answered yet. */
import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { loadConfig } from '../../config/load.ts'
import { openDb } from '../../db/client.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import { freshRoot } from './night.ts'

test('SIGTERM gives the tasks of a call under way back with their attempt, and nothing of it is settled', async () => {
  const root = await freshRoot()
  const vendor = await silentVendor()
  const env = await writeScene(root, vendor.url)
  const child = spawn(process.execPath, ['dist/functions/_runtime/serve.js'], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = new Promise<number | null>((done) => child.once('close', done))
  const address = await new Promise<string>((resolve) => {
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const found = /"address":"([^"]+)"/.exec(said)?.[1]
      if (found) resolve(found)
    })
  })
  expect((await fetch(`${address}/audit`, { method: 'POST' })).status).toBe(200)
  const cut = fetch(`${address}/dispatch-one-task`, { method: 'POST' }).catch(() => 'cut off')
  await vendor.asked
  const held = (await (await fetch(`${address}/queue?forecast=no`)).json()) as { leases: { tasks: number }[] }
  expect(held.leases).toHaveLength(1)

  child.kill('SIGTERM')
  expect(await cut).toBe('cut off')
  expect(await ended).toBe(0)
  const db = await openDb(join(root, 'data_layer', 'state', 'node.db'))
  onTestFinished(() => db.close())
  expect(await db.all(sql`SELECT * FROM leases`)).toEqual([])
  expect(await db.all(sql`SELECT DISTINCT state, attempts FROM gap_tasks`)).toEqual([{ state: 'queued', attempts: 0 }])
  expect(await db.all(sql`SELECT * FROM attempts`)).toEqual([])
})

/** Takes every request and answers none. */
async function silentVendor(): Promise<{ url: string; asked: Promise<void> }> {
  const server = createServer()
  const asked = new Promise<void>((done) => server.once('request', () => done()))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

/** Two symbols, some days, one vendor without walls, and no schedule. */
async function writeScene(root: string, url: string): Promise<Record<string, string>> {
  const shipped = await loadConfig({ folder: 'config', vendors: CONNECTORS.map(({ name }) => name) })
  const { datasets, ...massive } = shipped.vendors.massive!
  const folder = join(root, 'config')
  await mkdir(folder, { recursive: true })
  const write = (name: string, value: unknown) =>
    writeFile(join(folder, name), stringify(value, { aliasDuplicateObjects: false }))
  const { equities_bars } = datasets
  await write('vendor_capabilities.yaml', {
    vendors: { massive: { ...massive, base_url: url, datasets: { equities_bars } } },
  })
  await write('datasets.yaml', {
    datasets: { equities_bars: { ...shipped.datasets.equities_bars, depth: { sessions: 9 } } },
  })
  await write('universe.yaml', { symbols: ['AAPL', 'MSFT'].map((symbol) => ({ symbol, from: '1990-01-02' })) })
  await write('qc.yaml', shipped.qc)
  const chain = { id: 'none', schedule: '0 0 29 2 *', timezone: 'America/New_York', steps: [{ call: 'audit' }] }
  await writeFile(join(root, 'cron.json'), JSON.stringify({ chains: [chain] }))
  return {
    DATA_ROOT: join(root, 'data_layer'),
    EXPORT_ROOT: join(root, 'exports'),
    CONFIG_DIR: folder,
    CRON_FILE: join(root, 'cron.json'),
    HOST: '127.0.0.1',
    PORT: '0',
    MASSIVE_API_KEY: 'nobody-answers-this',
  }
}
