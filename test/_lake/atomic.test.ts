import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  adoptTemp,
  appendDurable,
  makeFolderOf,
  removeDurable,
  writeFileAtomic,
  writeFilesAtomic,
} from '../../functions/_lake/atomic.ts'
import { type Disk, DiskError, realDisk } from '../../functions/_lake/disk.ts'
import { sweepTemps } from '../../functions/_lake/sweep-temps.ts'
import { tempBeside } from '../../functions/_lake/temp-names.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'atomic-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

type Step = `${'mkdir' | 'write' | 'sync' | 'rename' | 'unlink'} ${string}`

/** The real disk, with every step noted; `fail` may end one with a system error. Temp names are shown as `tmp`. */
function watched(fail: (step: Step) => string | null = () => null): { disk: Disk; steps: Step[] } {
  const steps: Step[] = []
  const shown = (path: unknown) => relative(root, String(path)).replace(/\.[^/]+\.tmp$/, 'tmp') || '.'
  const note = (step: Step) => {
    const code = fail(step)
    steps.push(step)
    if (code) throw Object.assign(new Error(`${code}: injected`), { code })
  }
  const disk: Disk = {
    ...realDisk,
    mkdir: async (path) => {
      await realDisk.mkdir(path)
      note(`mkdir ${shown(path)}`)
    },
    rename: async (from, to) => {
      note(`rename ${shown(to)}`)
      await realDisk.rename(from, to)
    },
    unlink: async (path) => {
      note(`unlink ${shown(path)}`)
      await realDisk.unlink(path)
    },
    open: async (path, flags) => {
      const handle = await realDisk.open(path, flags)
      return new Proxy(handle, {
        get(target, name) {
          if (name === 'sync') {
            return async () => {
              note(`sync ${shown(path)}`)
              await target.sync()
            }
          }
          if (name === 'writeFile') {
            return async (data: Uint8Array | string) => {
              const half = Buffer.from(data as string).subarray(0, 2)
              try {
                note(`write ${shown(path)}`)
              } catch (error) {
                await target.write(half)
                throw error
              }
              await target.writeFile(data)
            }
          }
          const value = Reflect.get(target, name, target)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  }
  return { disk, steps }
}

const visible = async () =>
  (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()

test('atomic: a file is written beside its name, synced, renamed, and then its folder is synced, new folders included', async () => {
  const { disk, steps } = watched()
  await writeFileAtomic(join(root, 'a/b/x'), Buffer.from('hello'), disk)
  expect(await readFile(join(root, 'a/b/x'), 'utf8')).toBe('hello')
  expect(await visible()).toEqual(['a/b/x'])
  const at = (step: Step) => steps.indexOf(step)
  expect(steps.slice(0, 5)).toEqual(['mkdir a', 'mkdir a/b', 'write a/b/tmp', 'sync a/b/tmp', 'rename a/b/x'])
  for (const folder of ['.', 'a', 'a/b'] as const) expect(at(`sync ${folder}`)).toBeGreaterThan(at('rename a/b/x'))
  expect(steps).toHaveLength(8)
})

test('atomic: many files of one folder sync it once, after the last rename', async () => {
  const { disk, steps } = watched()
  const names = Array.from({ length: 20 }, (_, i) => `d/${i}`)
  let asked = 0
  await writeFilesAtomic(
    names.map((name) => ({ path: join(root, name), bytes: () => Buffer.from(`${name} ${++asked}`) })),
    3,
    disk,
  )
  expect((await visible()).length).toBe(20)
  expect(steps.filter((step) => step === 'sync d')).toEqual(['sync d'])
  expect(steps.indexOf('sync d')).toBeGreaterThan(steps.findLastIndex((step) => step.startsWith('rename')))
  expect(await readFile(join(root, 'd/0'), 'utf8')).toMatch(/^d\/0 \d+$/)
})

test('atomic: where a file is said to stand no folder is made, unless it is gone after all', async () => {
  await writeFileAtomic(join(root, 'a/x'), Buffer.from('old'))
  const { disk, steps } = watched()
  const files = ['a/x', 'gone/x'].map((name) => ({ path: join(root, name), bytes: Buffer.from('new'), isThere: true }))
  await writeFilesAtomic(files, 1, disk)
  expect(await readFile(join(root, 'gone/x'), 'utf8')).toBe('new')
  expect(await visible()).toEqual(['a/x', 'gone/x'])
  expect(steps.filter((step) => step.startsWith('mkdir'))).toEqual(['mkdir gone'])
  expect(steps.slice(-3).sort()).toEqual(['sync .', 'sync a', 'sync gone'])
})

test('atomic: a folder that somebody else made but has not synced yet is synced by the next who needs it', async () => {
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  let reached = () => {}
  const slow = new Promise<void>((resolve) => {
    reached = resolve
  })
  const stuck: Disk = {
    ...realDisk,
    rename: async (from, to) => {
      reached()
      await gate
      await realDisk.rename(from, to)
    },
  }
  const first = writeFileAtomic(join(root, 'a/b/x'), Buffer.from('1'), stuck)
  await slow
  const { disk, steps } = watched()
  await writeFileAtomic(join(root, 'a/b/y'), Buffer.from('2'), disk)
  expect(steps.filter((step) => step.startsWith('mkdir'))).toEqual([])
  expect(steps.filter((step) => step.startsWith('sync')).sort()).toEqual([
    'sync .',
    'sync a',
    'sync a/b',
    'sync a/b/tmp',
  ])
  release()
  await first
})

test.each([
  ['write x/tmp', 'ENOSPC'],
  ['sync x/tmp', 'EIO'],
  ['rename x/data', 'EROFS'],
] as const)(
  'atomic: when %s fails with %s the old file stays, no temp is left, and it is tried once',
  async (broken, code) => {
    await writeFileAtomic(join(root, 'x/data'), Buffer.from('old'))
    const { disk, steps } = watched((step) => (step === broken ? code : null))
    const failed = await writeFileAtomic(join(root, 'x/data'), Buffer.from('new'), disk).catch(
      (error: unknown) => error,
    )
    expect(failed).toBeInstanceOf(DiskError)
    expect(failed).toMatchObject({ code, path: join(root, 'x/data') })
    expect(await readFile(join(root, 'x/data'), 'utf8')).toBe('old')
    expect(await visible()).toEqual(['x/data'])
    expect(steps.filter((step) => step === broken)).toHaveLength(1)
  },
)

test('atomic: a folder that cannot be synced is told, though the file is whole', async () => {
  const { disk } = watched((step) => (step === 'sync .' ? 'EIO' : null))
  await expect(writeFileAtomic(join(root, 'data'), Buffer.from('new'), disk)).rejects.toThrow(/EIO/)
})

test('atomic: when one of many fails the rest is whole or absent and no new one is begun', async () => {
  const { disk, steps } = watched((step) => (step === 'write 3/tmp' ? 'ENOSPC' : null))
  const files = Array.from({ length: 30 }, (_, i) => ({ path: join(root, `${i}/f`), bytes: Buffer.from(`${i}!`) }))
  await expect(writeFilesAtomic(files, 2, disk)).rejects.toMatchObject({ code: 'ENOSPC' })
  for (const name of await visible()) expect(await readFile(join(root, name), 'utf8')).toBe(`${dirname(name)}!`)
  expect(steps.filter((step) => step.startsWith('write')).length).toBeLessThan(7)
})

test('atomic: a temp that DuckDB wrote is synced, renamed, and its folder synced', async () => {
  const temp = tempBeside(join(root, 'q/data.parquet'))
  await makeFolderOf(join(root, 'q/data.parquet'))
  await writeFile(temp, 'rows')
  const { disk, steps } = watched()
  await adoptTemp(temp, join(root, 'q/data.parquet'), disk)
  expect(steps).toEqual(['sync q/tmp', 'rename q/data.parquet', 'sync q'])
  await writeFile(temp, 'more')
  const broken = watched((step) => (step === 'sync q/tmp' ? 'EIO' : null))
  await expect(adoptTemp(temp, join(root, 'q/data.parquet'), broken.disk)).rejects.toThrow(/EIO/)
  expect(await visible()).toEqual(['q/data.parquet'])
  expect(await readFile(join(root, 'q/data.parquet'), 'utf8')).toBe('rows')
})

test('atomic: temp names are hidden, stand beside the file and are never given twice', () => {
  const names = Array.from({ length: 100 }, () => tempBeside('/x/data.parquet'))
  expect(new Set(names).size).toBe(100)
  for (const name of names) expect(name).toMatch(/^\/x\/\.data\.parquet\.[0-9a-f]{8}-\d+-\d+\.tmp$/)
})

test('atomic: a sweep removes leftovers and the spill folder, and nothing else', async () => {
  for (const name of [
    'raw/a/data.parquet',
    'raw/a/.hidden',
    'raw/a/x.tmp',
    '.duckdb-tmp/spill',
    'raw/.duckdb-tmp.txt',
  ]) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), 'x')
  }
  for (const folder of ['raw/a', 'raw/a', 'raw']) await writeFile(tempBeside(join(root, folder, 'data.parquet')), 'x')
  expect(await sweepTemps(root)).toBe(4)
  expect(await visible()).toEqual(['raw/.duckdb-tmp.txt', 'raw/a/.hidden', 'raw/a/data.parquet', 'raw/a/x.tmp'])
  expect(await sweepTemps(root)).toBe(0)
  expect(await sweepTemps(join(root, 'absent'))).toBe(0)
})

test('atomic: a sweep finds leftovers in every folder of a wide tree', async () => {
  const days = Array.from({ length: 40 }, (_, day) => join(root, 'raw', `date=${day}`))
  for (const [at, day] of days.entries()) {
    for (const symbol of ['symbol=A', 'symbol=B']) await mkdir(join(day, symbol), { recursive: true })
    await writeFile(tempBeside(join(day, at % 2 === 0 ? 'symbol=A' : 'symbol=B', 'data.parquet')), 'x')
  }
  expect(await sweepTemps(root)).toBe(40)
  expect(await visible()).toEqual([])
})

test('atomic: an append is synced, and the folder too when the file is new', async () => {
  const { disk, steps } = watched()
  await appendDurable(join(root, 'm/log'), ['one\n'], disk)
  await appendDurable(join(root, 'm/log'), ['two\n'], disk)
  expect(await readFile(join(root, 'm/log'), 'utf8')).toBe('one\ntwo\n')
  expect(steps).toEqual([
    'mkdir m',
    'write m/log',
    'sync m/log',
    expect.stringMatching(/^sync (\.|m)$/),
    expect.stringMatching(/^sync (\.|m)$/),
    'write m/log',
    'sync m/log',
  ])
})

test('atomic: when the second of two texts cannot be appended the first does not stay either', async () => {
  await appendDurable(join(root, 'log'), ['one\n'])
  let writes = 0
  const { disk } = watched((step) => (step === 'write log' && ++writes === 2 ? 'ENOSPC' : null))
  await expect(appendDurable(join(root, 'log'), ['two\n', 'three\n'], disk)).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(await readFile(join(root, 'log'), 'utf8')).toBe('one\n')
})

test.each([
  ['write log', 'ENOSPC'],
  ['sync log', 'EIO'],
] as const)('atomic: an append whose %s fails leaves the file as it was', async (broken, code) => {
  await appendDurable(join(root, 'log'), ['one\n'])
  const { disk } = watched((step) => (step === broken ? code : null))
  await expect(appendDurable(join(root, 'log'), ['two\n'], disk)).rejects.toMatchObject({ code })
  await appendDurable(join(root, 'log'), ['three\n'])
  expect(await readFile(join(root, 'log'), 'utf8')).toBe('one\nthree\n')
})

test('atomic: a full disk is a DiskError that says so', async (context) => {
  if (!existsSync('/dev/full')) return context.skip('this machine has no /dev/full')
  const disk: Disk = {
    ...realDisk,
    open: (path, flags) => open(String(path).endsWith('.tmp') ? '/dev/full' : path, flags),
  }
  const path = join(root, basename('data'))
  await expect(writeFileAtomic(path, Buffer.from('x'), disk)).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(existsSync(path)).toBe(false)
})

test('atomic: removing is durable and says whether there was something', async () => {
  await writeFileAtomic(join(root, 'x'), Buffer.from('1'))
  const { disk, steps } = watched()
  expect(await removeDurable(join(root, 'x'), disk)).toBe(true)
  expect(steps).toEqual(['unlink x', 'sync .'])
  expect(await removeDurable(join(root, 'x'))).toBe(false)
})
