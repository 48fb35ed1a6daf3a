import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sweepTemps } from '../../functions/_lake/sweep-temps.ts'
import { tempBeside } from '../../functions/_lake/temp-names.ts'
import { tempFolder } from '../db/temp-db.ts'

test('sweep temps: a sweep while this process writes takes the temps of others and leaves its own', async () => {
  const root = await tempFolder()
  const file = join(root, 'raw', 'data.parquet')
  await mkdir(join(root, 'raw'))
  const own = tempBeside(file)
  const others = own.replace(/-\d+-\d+\.tmp$/, '-1-1.tmp')
  for (const path of [file, own, others]) await writeFile(path, 'x')
  expect(await sweepTemps(root, { isOwnSpared: true })).toBe(1)
  expect(await readdir(join(root, 'raw'))).toEqual([own.slice(join(root, 'raw').length + 1), 'data.parquet'])
  expect(await sweepTemps(root)).toBe(1)
})
