import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { OptionError } from './arguments.ts'
import { type Options, readOptions } from './options.ts'
import { bindRoot, rootOptions } from './root-options.ts'

const SCENE = { asof: '2025-07-08', plan: 'basic' } as const

async function freshRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'data-node-root-options-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  return root
}

const given = (...argv: string[]) => rootOptions(readOptions(argv) as Options, SCENE)

test('root options: a root takes the options it was made with, again and again, whatever its port', async () => {
  const root = await freshRoot()
  await bindRoot(root, given('--seed', '7'))
  await bindRoot(root, given('--seed', '7', '--port', '8080', '--serve', '--json', '--asof', '2025-07-08'))
  expect(await readdir(root)).toEqual(['demo.json'])
})

test.each([
  [['--seed', '7'], [], 'made with --seed 7, and this run is with --seed 1'],
  [[], ['--symbols', 'SPY,AAPL'], 'made without --symbols, and this run is with --symbols SPY,AAPL'],
  [
    ['--alpaca-data', '/a'],
    ['--alpaca-data', '/b'],
    'made with --alpaca-data /a, and this run is with --alpaca-data /b',
  ],
  [
    ['--from', '2025-07-01'],
    ['--seed', '2'],
    'made with --seed 1 and with --from 2025-07-01, and this run is with --seed 2 and without --from',
  ],
])('root options: %j and then %j is refused in one sentence with both values', async (first, second, words) => {
  const root = await freshRoot()
  await bindRoot(root, given(...first))
  const refused = await bindRoot(root, given(...second)).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(OptionError)
  const { message } = refused as OptionError
  expect(message).toContain(`--root ${root} was ${words}: give the options of the first run to go on`)
  expect(message).not.toContain('\n')
  await bindRoot(root, given(...first))
})

test('root options: a later evening and another dead vendor go on from what is there, an earlier evening does not', async () => {
  const root = await freshRoot()
  const on = (asof: string, ...argv: string[]) => rootOptions(readOptions(argv) as Options, { ...SCENE, asof })
  await bindRoot(root, on('2025-07-08', '--kill', 'fred'))
  await bindRoot(root, on('2025-07-09'))
  await expect(bindRoot(root, on('2025-07-07'))).rejects.toThrow(
    'was made with --asof 2025-07-08, and this run is with --asof 2025-07-07',
  )
})

test('root options: data that is there without any options is taken as it is', async () => {
  const root = await freshRoot()
  await mkdir(join(root, 'data_layer'))
  await bindRoot(root, given('--seed', '7'))
  await expect(bindRoot(root, given())).rejects.toThrow('was made with --seed 7')
})
