/** A node that is told to stop while a vendor has not answered yet. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { expect, onTestFinished, test } from 'vitest'
import { openDb } from '../../db/client.ts'
import { expectVerified } from '../verify/verify-root.ts'
import { shippedConfig, writeBareConfig } from '../write-config.ts'
import { freshRoot } from './night.ts'

test('stopped: SIGTERM gives the tasks of a call under way back with their attempt, and nothing of it is settled', async () => {
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
  await expectVerified(root)
  const db = await openDb(join(root, 'data_layer', 'state', 'node.db'))
  onTestFinished(() => db.close())
  expect(await db.all(sql`SELECT * FROM leases`)).toEqual([])
  expect(await db.all(sql`SELECT DISTINCT state, attempts FROM gap_tasks`)).toEqual([{ state: 'queued', attempts: 0 }])
  expect(await db.all(sql`SELECT * FROM attempts`)).toEqual([])
})

/** Takes every request and answers none; `asked` is for data. */
async function silentVendor(): Promise<{ url: string; asked: Promise<void> }> {
  const server = createServer()
  // The node tries its key at start as well.
  const asked = new Promise<void>((done) =>
    server.on('request', ({ url }) => {
      if (url?.startsWith('/v2/aggs/')) done()
    }),
  )
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

/** Two symbols, some days, one vendor without walls. */
async function writeScene(root: string, url: string): Promise<Record<string, string>> {
  const { vendors, datasets, qc } = await shippedConfig()
  const { equities_bars } = vendors.massive!.datasets
  return writeBareConfig(root, {
    vendors: { massive: { ...vendors.massive, base_url: url, datasets: { equities_bars } } },
    datasets: { equities_bars: { ...datasets.equities_bars, depth: { sessions: 9 } } },
    universe: ['AAPL', 'MSFT'].map((symbol) => ({ symbol, from: '1990-01-02' })),
    qc,
  })
}
