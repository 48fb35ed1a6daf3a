import { once } from 'node:events'
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startNode } from '../../functions/_runtime/start.ts'
import { LAB_KEYS } from '../lab/lab.ts'
import { smallNode, type TestNode } from '../test-node.ts'

let node: TestNode
beforeEach(async () => {
  node = await smallNode()
})
afterEach(() => node.remove())

const refusal = async (env: Record<string, string>): Promise<string> =>
  startNode({ env: { ...node.env, ...env }, clock: node.clock, sink: () => undefined }).then(
    async (running) => {
      await running.stop()
      return expect.fail('expected a refusal, got a running node')
    },
    (error: Error) => error.message,
  )

const portOf = (server: Server): number => {
  const bound = server.address()
  if (typeof bound !== 'object' || !bound) throw new Error('the server is not listening')
  return bound.port
}

test('start: a taken port is named, and nothing is left half open: the next start on a free one succeeds', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const port = portOf(other)
  expect(await refusal({ PORT: String(port) })).toMatch(new RegExp(`port ${port} .*taken.*PORT`))
  await new Promise((resolve) => other.close(resolve))
  await node.start()
  expect((await node.get('/livez')).status).toBe(200)
})

test('start: an address of another machine is refused', async () => {
  const message = await refusal({ HOST: '192.0.2.1', DATA_NODE_TOKEN: 'token-of-sixteen-characters' })
  expect(message).toMatch(/192\.0\.2\.1.*HOST/)
})

test.each(['DATA_ROOT', 'EXPORT_ROOT'])(
  'start: a %s that is a file, or lies below one, is refused by its name',
  async (name) => {
    const file = join(node.root, 'a-file')
    await writeFile(file, '')
    expect(await refusal({ [name]: file })).toMatch(new RegExp(`a-file cannot be used .*${name}`))
    expect(await refusal({ [name]: join(file, 'below') })).toMatch(/below cannot be used \(ENOTDIR\)/)
  },
)

test('start: a folder in which nothing can be made is refused', async () => {
  expect(await refusal({ DATA_ROOT: '/proc/data-node' })).toMatch(/\/proc\/data-node cannot be used/)
})

test('start: a folder below a link to a disk that is not mounted is refused', async () => {
  const link = join(node.root, 'usb')
  await symlink(join(node.root, 'not-mounted'), link)
  expect(await refusal({ DATA_ROOT: join(link, 'data') })).toMatch(/usb\/data cannot be used \(ENOENT\)/)
  expect(await refusal({ DATA_ROOT: link })).toMatch(/usb cannot be used \(ENOENT\)/)
})

test('start: a second node on the same root is refused while the first goes on', async () => {
  await node.start()
  expect(await refusal({})).toMatch(/another data node is already running on .*data_layer \(process \d+ on .*DATA_ROOT/)
  expect((await node.post('/audit')).status).toBe(200)
})

test('start: a second node whose data root is free is refused on the export root of the first', async () => {
  await node.start()
  const message = await refusal({ DATA_ROOT: join(node.root, 'another') })
  expect(message).toMatch(/another data node is already running on .*exports/)
})

test('start: a fault of the configuration or of the schedule ends the start before anything is made', async () => {
  expect(await refusal({ CRON_FILE: join(node.root, 'nowhere.json') })).toMatch(/nowhere\.json/)
  await rm(join(node.env.CONFIG_DIR!, 'qc.yaml'))
  expect(await refusal({})).toMatch(/qc\.yaml/)
  await expect(readFile(join(node.root, 'data_layer/state/node.db'))).rejects.toThrow('ENOENT')
})

const SIMULATED_CLOCK = '2024-03-09T02:00:00Z@2026-01-05T10:00:00Z*10'

test('start: a simulated clock is refused with the shipped vendors, before anything is made', async () => {
  const env = { SIMULATED_CLOCK, CONFIG_DIR: 'config', DATA_ROOT: join(node.root, 'untouched') }
  expect(await refusal(env)).toMatch(/SIMULATED_CLOCK is set, but vendor alpaca is at data\.alpaca\.markets/)
  await expect(readdir(join(node.root, 'untouched'))).rejects.toThrow('ENOENT')
})

test('start: a node with a simulated clock shows it, writes by it, and says so in its log', async () => {
  const lines: string[] = []
  const machine = new Date().toISOString()
  const env = { ...node.env, SIMULATED_CLOCK: `2024-03-09T02:00:00Z@${machine}*10`, CLOCK_CHECK: 'on' }
  const running = await startNode({ env, sink: (line) => void lines.push(line) })
  try {
    const shown = running.node.now() - Date.UTC(2024, 2, 9, 2)
    expect(shown).toBeGreaterThanOrEqual(0)
    expect(shown).toBeLessThan(10 * 60_000)
    expect(await running.node.gate.objection()).toBeNull()
    expect(lines.join('')).toContain('clock.simulated')
  } finally {
    await running.stop()
  }
})

test('start: without any key the node runs and says which variables each vendor lacks', async () => {
  for (const name of ['APCA_API_KEY_ID', 'APCA_API_SECRET_KEY', 'MASSIVE_API_KEY', 'FRED_API_KEY']) node.env[name] = ''
  await node.start()
  const { vendors } = (await node.get('/status')).body as { vendors: { vendor: string; missing: string }[] }
  expect(Object.fromEntries(vendors.map(({ vendor, missing }) => [vendor, missing]))).toEqual({
    alpaca: 'set APCA_API_KEY_ID, APCA_API_SECRET_KEY in the environment',
    alpaca_iex: 'set APCA_API_KEY_ID, APCA_API_SECRET_KEY in the environment',
    massive: 'set MASSIVE_API_KEY in the environment',
    fred: 'set FRED_API_KEY in the environment',
  })
  const endings = await node.night()
  const failed = endings.filter(({ ok }) => !ok)
  expect(new Set(failed.map(({ call }) => call))).toEqual(new Set(['export']))
  for (const { error } of failed) expect(error).toContain('the bundle holds no row of data')
  expect(node.asked()).toBe(0)
})

test('start: a vendor without its keys is not asked while the others deliver', async () => {
  node.env.APCA_API_SECRET_KEY = ''
  await node.start()
  await node.night()
  expect(node.lab.alpaca.stats().calls).toBe(0)
  expect(node.lab.massive.stats().calls).toBeGreaterThan(0)
  expect((await node.post('/audit')).body).toMatchObject({ gaps: 0 })
})

test('start: the schedule of a node with tokens may call its own functions, and others may not', async () => {
  Object.assign(node.env, { DATA_NODE_TOKEN: 'full-token-0123456789', DATA_NODE_READ_TOKEN: 'read-token-0123456789' })
  await node.start()
  expect((await node.night()).every(({ ok }) => ok)).toBe(true)
  expect((await node.post('/audit')).status).toBe(401)
  expect((await node.get('/livez')).status).toBe(200)
})

test('start: no key and no token ever stands in the log of a night, good or bad', async () => {
  Object.assign(node.env, { DATA_NODE_TOKEN: 'full-token-0123456789', DATABASE_AUTH_TOKEN: 'database-token-01234' })
  await node.start()
  node.lab.massive.kill()
  node.lab.alpaca.fault({ kind: 'status-500', requests: 2 })
  await node.night()
  node.running().node.log('request.failed', { error: new Error('refused for database-token-01234') })
  const log = node.lines.join('')
  const { alpaca, massive, fred } = LAB_KEYS
  expect(log).toContain('cron.fired')
  for (const secret of [alpaca.id, alpaca.secret, massive, fred, 'full-token-0123456789', 'database-token-01234']) {
    expect(log).not.toContain(secret)
  }
})

test('start: stopping does not wait for clients that keep their connections open', async () => {
  const { address } = await node.start()
  expect((await fetch(`${address}/livez`, { headers: { connection: 'keep-alive' } })).status).toBe(200)
  await node.stop()
  await expect(fetch(`${address}/livez`)).rejects.toThrow()
})

test('start: stopping lets the call under way end in good order', async () => {
  await node.start()
  node.lab.alpaca.fault({ kind: 'slow-body', ms: 300 })
  const played = node.night()
  while (node.lab.alpaca.stats().calls === 0) await new Promise((resolve) => setImmediate(resolve))
  await node.stop()
  await played
  const events = node.lines.map((line) => JSON.parse(line) as { msg: string })
  expect(events.filter(({ msg }) => msg === 'request.failed')).toEqual([])
  expect(events.some(({ msg }) => msg === 'dispatch.answered')).toBe(true)
  node.lab.alpaca.fault(null)
  await node.start()
  expect((await node.night()).every(({ ok }) => ok)).toBe(true)
})

test('start: stopping ends within eight seconds, also while a client is still sending its request', async () => {
  const { address } = await node.start()
  const { hostname, port } = new URL(address)
  const slow = connect(Number(port), hostname)
  slow.on('error', () => undefined)
  await once(slow, 'connect')
  slow.write('POST /audit HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000\r\n\r\n{')
  const dripping = setInterval(() => slow.write(' '), 200)
  await new Promise((resolve) => setTimeout(resolve, 300))
  const begun = performance.now()
  await node.stop()
  clearInterval(dripping)
  slow.destroy()
  expect(performance.now() - begun).toBeLessThan(8_000)
}, 20_000)

test.each(['/status', '/livez', '/nowhere', '/why/a/b/c', '/coverage/equities_bars.svg', '/vendors'])(
  'start: no browser may take %s for something else than it says',
  async (path) => {
    const { address } = await node.start()
    expect((await fetch(`${address}${path}`)).headers.get('x-content-type-options')).toBe('nosniff')
    expect(
      (await fetch(`${address}${path}`, { method: 'POST', body: '<' })).headers.get('x-content-type-options'),
    ).toBe('nosniff')
  },
)
