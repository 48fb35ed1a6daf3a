import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { curatedFile } from '../../functions/_lake/paths.ts'
import { EVENING, startTestNode, type TestNode } from '../test-node.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const MINUTE = 60_000
let node: TestNode
afterEach(() => node.remove())

const curated = (dataset: 'equities_bars' | 'macro_treasury') =>
  curatedFile(join(node.root, 'data_layer'), dataset, 'year', '2025')
/** A file where the folder of a dataset's curated files should be. */
const obstruct = async (dataset: 'equities_bars' | 'macro_treasury') => {
  const folder = dirname(dirname(curated(dataset)))
  await rm(folder, { recursive: true, force: true })
  await mkdir(dirname(folder), { recursive: true })
  await writeFile(folder, 'in the way')
  return () => rm(folder)
}
const instant = (ms: number) => new Date(ms).toISOString()

test('waiting partitions: one error in curation names the partition and the instant of the next try, and holds up no other partition', async () => {
  node = await startTestNode()
  for (const name of ['ingest-tick', 'audit', 'dispatch-one-task']) await node.post(`/${name}`)
  const repair = await obstruct('equities_bars')
  const answers = [await node.post('/curate-partition'), await node.post('/curate-partition')].map(({ body }) => body)
  expect(answers.map(({ dataset, failed }) => [dataset, failed === undefined])).toEqual([
    ['equities_bars', false],
    ['macro_treasury', true],
  ])
  expect(answers[1]).toMatchObject({ ok: true, more: false, nextAt: instant(EVENING + MINUTE) })
  expect(answers[1]?.left).toMatch(
    /^1 partition is not curated yet; equities_bars 2025 failed once \(.*\) and may be tried/,
  )
  expect((await node.get('/status')).body.partitions).toMatchObject({
    touched: 1,
    failing: [{ dataset: 'equities_bars', partition: '2025', failures: 1, retryAt: instant(EVENING + MINUTE) }],
  })
  await repair()
  expect((await node.post('/curate-partition')).body).not.toHaveProperty('dataset')
  await node.clock.sleep(MINUTE)
  const last = (await node.post('/curate-partition')).body
  expect(last).toMatchObject({ dataset: 'equities_bars', more: false, nextAt: null })
  expect(last).not.toHaveProperty('left')
})

test('waiting partitions: a night waits for a partition that failed once, and takes it into its bundle', async () => {
  node = await startTestNode()
  const repair = await obstruct('equities_bars')
  const played = node.night()
  await vi.waitUntil(() => node.lines.some((line) => line.includes('curate-partition.failed')), {
    interval: 1,
    timeout: 60_000,
  })
  await repair()
  const endings = await played
  expect(endings.filter(({ ok }) => !ok)).toEqual([])
})

test('waiting partitions: a night that could not curate a partition is not ok, whatever else it did, and tries it less and less often', async () => {
  node = await startTestNode()
  await obstruct('equities_bars')
  const endings = await node.night()
  const failed = endings.filter(({ ok }) => !ok)
  expect(failed.map(({ call }) => call)).toContain('curate-partition')
  const errors = failed.filter(({ call }) => call === 'curate-partition').map(({ error }) => error)
  // It waits at most a minute before the first bundle; then 2, 4 and 8 minutes in the next step that curates, and not at all in the last.
  for (const [at, times] of [2, 5].entries()) expect(errors[at]).toContain(`equities_bars 2025 failed ${times} times`)
  expect(node.clock.now() - EVENING).toBeLessThan(40 * MINUTE)
  expect(endings.map(({ call }) => call)).toContain('export')
})

test('waiting partitions: a curated file that is damaged before it is judged is made again instead of judged', async () => {
  node = await startTestNode()
  for (const name of ['ingest-tick', 'audit', 'dispatch-one-task', 'curate-partition'])
    while ((await node.post(`/${name}`)).body.more);
  await rm(curated('macro_treasury'))
  await writeFile(curated('equities_bars'), 'not a table')
  const judged = [await node.post('/qc-partition'), await node.post('/qc-partition')].map(({ body }) => body)
  expect(judged.map(({ failed }) => typeof failed)).toEqual(['string', 'string'])
  expect((await node.get('/status')).body.partitions).toMatchObject({ touched: 2, unchecked: 0 })
  const again = [await node.post('/curate-partition'), await node.post('/curate-partition')].map(({ body }) => body)
  expect(again.map(({ recorded }) => recorded)).toEqual([true, true])
  const healed = [await node.post('/qc-partition'), await node.post('/qc-partition')].map(({ body }) => body)
  expect(healed.map(({ red, recorded }) => [red, recorded])).toEqual([
    [0, true],
    [0, true],
  ])
  expect((await node.get('/status')).body.partitions).toEqual({ touched: 0, unchecked: 0, failing: [] })
})
