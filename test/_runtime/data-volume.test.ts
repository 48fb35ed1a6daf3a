import { chmod, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startNode } from '../../functions/_runtime/start.ts'
import { againWhileHeld } from '../db/again-while-held.ts'
import { startHrana } from '../hrana/server.ts'
import { smallNode, type TestNode } from '../test-node.ts'

let node: TestNode
let data: string
let exports: string
beforeEach(async () => {
  node = await smallNode()
  node.env.STATE_DIR = join(node.root, 'remembered')
  data = node.env.DATA_ROOT!
  exports = node.env.EXPORT_ROOT!
})
afterEach(() => node.remove())

const refusal = (more: Record<string, string> = {}, terms: object = {}): Promise<string> =>
  againWhileHeld(() =>
    startNode({ env: { ...node.env, ...more }, clock: node.clock, sink: () => undefined, ...terms }),
  ).then(
    async (running) => {
      await running.stop()
      return expect.fail('expected a refusal, got a running node')
    },
    (error: Error) => error.message,
  )

const idOf = async (root: string): Promise<string> => (await readFile(join(root, '.volume-id'), 'utf8')).trim()

describe('data volume: a start', () => {
  test('names the volume once, and remembers it off the volume and in the database', async () => {
    await node.start()
    const id = await idOf(data)
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    expect(JSON.parse(await readFile(join(node.root, 'remembered/volumes.json'), 'utf8'))).toEqual({ [data]: id })
    await node.stop()
    await node.start()
    expect(await idOf(data)).toBe(id)
  })

  test.each(['gone', 'empty'])('on a root that is %s where a filled one is remembered is refused', async (how) => {
    await node.start()
    await node.stop()
    const id = await idOf(data)
    await rename(data, join(node.root, 'unplugged'))
    if (how === 'empty') await mkdir(join(data, 'lost+found'), { recursive: true })
    expect(await refusal()).toMatch(new RegExp(`is empty, but .*${id}.*mount its disk, or set ACCEPT_NEW_VOLUME=yes`))
    // Nothing was made there that a later start would take for data.
    await expect(readFile(join(data, 'state/node.db'))).rejects.toThrow('ENOENT')
    expect(await refusal()).toMatch(/is empty/)
    await rm(data, { recursive: true, force: true })
    await rename(join(node.root, 'unplugged'), data)
    await node.start()
    expect((await node.post('/audit')).status).toBe(200)
  })

  test('on an empty root begins anew when a person says so, and then that one is remembered', async () => {
    await node.start()
    await node.stop()
    const before = await idOf(data)
    await rm(data, { recursive: true })
    node.env.ACCEPT_NEW_VOLUME = 'yes'
    await node.start()
    await node.stop()
    delete node.env.ACCEPT_NEW_VOLUME
    await node.start()
    expect(await idOf(data)).not.toBe(before)
  })

  test('on the disk of another node is refused', async () => {
    await node.start()
    await node.stop()
    const id = await idOf(data)
    await writeFile(join(data, '.volume-id'), 'another-volume\n')
    expect(await refusal()).toMatch(new RegExp(`holds volume another-volume, but .*${id}`))
    delete node.env.STATE_DIR
    expect(await refusal()).toMatch(
      new RegExp(`the database belongs to volume ${id}, but DATA_ROOT .* is another-volume`),
    )
  })

  test('with an identity of the operator refuses every other volume', async () => {
    await node.start()
    await node.stop()
    delete node.env.STATE_DIR
    expect(await refusal({ DATA_VOLUME_ID: 'the-blue-disk' })).toMatch(/holds volume .*, but .* volume the-blue-disk/)
    await rm(data, { recursive: true })
    expect(await refusal({ DATA_VOLUME_ID: 'the-blue-disk' })).toMatch(/is empty, but .*the-blue-disk/)
    Object.assign(node.env, { DATA_VOLUME_ID: 'the-blue-disk', ACCEPT_NEW_VOLUME: 'yes' })
    await node.start()
    expect(await idOf(data)).toBe('the-blue-disk')
  })

  test('gives a root back its identity from its own database', async () => {
    await node.start()
    await node.stop()
    const id = await idOf(data)
    await rm(join(data, '.volume-id'))
    await node.start()
    expect(await idOf(data)).toBe(id)
  })

  test('takes a root that an older version filled, and one whose database was lost', async () => {
    await node.start()
    await node.stop()
    delete node.env.STATE_DIR
    await rm(join(data, '.volume-id'))
    await rm(join(data, 'state'), { recursive: true })
    await mkdir(join(data, 'raw'), { recursive: true })
    await node.start()
    const id = await idOf(data)
    await node.stop()
    await rm(join(data, 'state'), { recursive: true })
    await node.start()
    expect(await idOf(data)).toBe(id)
  })

  test('goes on without a place to remember it, and says so', async () => {
    await writeFile(join(node.root, 'remembered'), 'a file')
    await node.start()
    expect(node.lines.filter((line) => line.includes('start.volume_not_remembered'))).toHaveLength(1)
    await chmod(join(node.root, 'remembered'), 0o600)
  })

  test.each(['DATA_ROOT', 'EXPORT_ROOT'])('with %s on a disk of fstab that is not mounted is refused', async (name) => {
    const mounts = { fstab: join(node.root, 'fstab'), mountinfo: join(node.root, 'mountinfo') }
    const point = name === 'DATA_ROOT' ? data : exports
    await writeFile(mounts.fstab, `UUID=1 ${point} ext4 noauto 0 2\n`)
    await writeFile(mounts.mountinfo, '22 1 8:1 / / rw - ext4 /dev/mmcblk0p2 rw\n')
    expect(await refusal({}, { mounts })).toMatch(
      new RegExp(`${name} ${point} lies on ${point}, where /etc/fstab mounts a disk that is not mounted: mount it`),
    )
    await expect(readFile(join(data, 'state/node.db'))).rejects.toThrow('ENOENT')
  })
})

describe('data volume: two nodes on one server', () => {
  test('with roots of their own: the second is refused, for each would miss what the other has', async () => {
    const server = await startHrana({ file: join(node.root, 'server.db') })
    try {
      node.env.DATABASE_URL = server.url
      await node.start()
      const other = {
        DATA_ROOT: join(node.root, 'other/data'),
        EXPORT_ROOT: join(node.root, 'other/exports'),
        PORT: '0',
      }
      expect(await refusal(other)).toMatch(
        /the database belongs to volume .*, but DATA_ROOT .*other\/data is another one/,
      )
      await expect(readFile(join(other.DATA_ROOT, '.volume-id'))).rejects.toThrow('ENOENT')
    } finally {
      await node.stop()
      await server.close()
    }
  })

  test('a copy of the root with its identity is the same volume', async () => {
    await node.start()
    await node.stop()
    await cp(data, join(node.root, 'moved'), { recursive: true })
    node.env.DATA_ROOT = join(node.root, 'moved')
    await node.start()
    expect((await node.post('/audit')).status).toBe(200)
  })
})
