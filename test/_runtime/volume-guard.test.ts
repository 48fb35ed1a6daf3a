import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTestNode, type TestNode } from '../test-node.ts'

let node: TestNode
let data: string
beforeEach(async () => {
  node = await startTestNode()
  data = node.env.DATA_ROOT!
})
afterEach(() => node.remove())

const log = (event: string) => node.lines.filter((line) => line.includes(`"${event}"`))
const stopped = (): Promise<string> => node.running().mustStop

test('volume guard: a volume that is gone stops all writing, is told once, and is used again when it is back', async () => {
  await node.post('/audit')
  const away = join(node.root, 'unplugged')
  await rename(data, away)
  const asked = node.asked()
  for (const call of ['dispatch-one-task', 'enqueue', 'export', 'curate-partition']) {
    const { status, body } = await node.post(`/${call}`)
    expect({ call, status, error: body.error }).toMatchObject({
      status: 503,
      error: expect.stringMatching(/DATA_ROOT .* is gone/),
    })
  }
  expect(await node.get('/readyz')).toMatchObject({ status: 503, body: { ok: false, reasons: [{ isDown: true }] } })
  expect((await node.get('/livez')).status).toBe(200)
  expect((await node.get('/status')).body.health).toMatchObject([
    { code: 'volume_lost', sentence: expect.stringMatching(/is gone/) },
  ])
  expect(node.asked()).toBe(asked)
  expect(log('volume.lost')).toHaveLength(1)
  await expect(readFile(data)).rejects.toThrow('ENOENT')
  await rename(away, data)
  expect((await node.post('/dispatch-one-task')).body).toMatchObject({ ok: true, vendor: expect.any(String) })
  expect(log('volume.returned')).toHaveLength(1)
  expect((await node.get('/readyz')).status).toBe(200)
})

test('volume guard: an empty mount point in its place is not written to', async () => {
  await rename(data, join(node.root, 'unplugged'))
  await mkdir(data)
  expect((await node.post('/audit')).status).toBe(503)
  await expect(readFile(join(data, '.volume-id'))).rejects.toThrow('ENOENT')
  await rm(data, { recursive: true })
  await rename(join(node.root, 'unplugged'), data)
})

test('volume guard: the disk of another node in its place is not written to', async () => {
  await rename(data, join(node.root, 'unplugged'))
  await mkdir(data)
  await writeFile(join(data, '.volume-id'), 'another-volume\n')
  expect((await node.post('/audit')).body.error).toMatch(/is another volume now, another-volume/)
  await rm(data, { recursive: true })
  await rename(join(node.root, 'unplugged'), data)
})

test('volume guard: a volume that goes while a plan is under way costs no further call', async () => {
  await node.post('/audit')
  node.lab.alpaca.fault({ kind: 'slow-body', ms: 300 })
  const dispatched = node.post('/dispatch-one-task')
  while (node.asked() === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  await rename(data, join(node.root, 'unplugged'))
  await dispatched
  const asked = node.asked()
  await node.post('/ingest-tick')
  expect(node.asked()).toBe(asked)
  await rm(data, { recursive: true, force: true })
  await rename(join(node.root, 'unplugged'), data)
})

test('volume guard: a removed identity is written again where everything else is the same', async () => {
  const id = await readFile(join(data, '.volume-id'), 'utf8')
  await rm(join(data, '.volume-id'))
  expect((await node.post('/audit')).status).toBe(200)
  expect(await readFile(join(data, '.volume-id'), 'utf8')).toBe(id)
})

test('volume guard: a database file that is removed takes no more writes, and ends the process', async () => {
  for (const name of ['node.db', 'node.db-wal', 'node.db-shm']) await rm(join(data, 'state', name), { force: true })
  const { status, body } = await node.post('/enqueue', {
    dataset: 'equities_bars',
    symbols: 'all',
    from: '2025-07-01',
    to: '2025-07-08',
  })
  expect(status).toBe(503)
  expect(body.error).toMatch(/node\.db was removed or replaced/)
  expect(await stopped()).toMatch(/this process ends, and the next start opens what is there/)
  await node.stop()
  await node.start()
  expect((await node.night()).every(({ ok }) => ok)).toBe(true)
})

test('volume guard: a database file that is replaced takes no more writes', async () => {
  await writeFile(join(data, 'state/other.db'), await readFile(join(data, 'state/node.db')))
  await rename(join(data, 'state/other.db'), join(data, 'state/node.db'))
  expect((await node.post('/audit')).body.error).toMatch(/removed or replaced/)
  expect((await node.get('/readyz')).status).toBe(503)
})

test('volume guard: of a log that is removed nothing acknowledged is lost', async () => {
  await node.post('/audit')
  const known = await node.databaseText()
  await rm(join(data, 'state/node.db-wal'))
  expect((await node.post('/audit')).body.error).toMatch(/node\.db-wal, was removed or replaced/)
  expect(await stopped()).toMatch(/node\.db-wal/)
  // A process that is killed now folds nothing in: another one must find it all in the file alone.
  await writeFile(join(node.root, 'copy.db'), await readFile(join(data, 'state/node.db')))
  expect(await openTasks(join(node.root, 'copy.db'))).toBe(tasksOf(known))
})

const tasksOf = (text: string): number => text.split('\n').filter((line) => line.includes('"next_at"')).length

/** Counted by a process of its own: this one holds the file it was copied from. */
async function openTasks(file: string): Promise<number> {
  const code = `const Database = (await import('libsql')).default; const db = new Database(process.argv[1]); console.log(db.prepare('SELECT count(*) AS n FROM gap_tasks').get().n)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  await once(child, 'exit')
  return Number(text)
}
