import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configFolder, scheduleFile } from '../../functions/_runtime/shipped-files.ts'

let working: string
beforeEach(async () => {
  working = await mkdtemp(join(tmpdir(), 'working-'))
})
afterEach(() => rm(working, { recursive: true }))

test('shipped files: an empty working folder gets the configuration and the schedule of the program', () => {
  expect(configFolder(working)).toBe(resolve('config'))
  expect(scheduleFile(working)).toBe(resolve('cron.json'))
})

test('shipped files: those of the working folder come first', async () => {
  await mkdir(join(working, 'config'))
  await writeFile(join(working, 'config/datasets.yaml'), '')
  await writeFile(join(working, 'cron.json'), '')
  expect(configFolder(working)).toBe(join(working, 'config'))
  expect(scheduleFile(working)).toBe(join(working, 'cron.json'))
})

test('shipped files: a folder config of something else is not taken for ours', async () => {
  await mkdir(join(working, 'config'))
  expect(configFolder(working)).toBe(resolve('config'))
})

test('shipped files: where neither has one, the working folder is what is spoken of', () => {
  expect(configFolder(working, join(working, 'nothing'))).toBe(join(working, 'config'))
})
