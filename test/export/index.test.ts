import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { DatasetCoverage } from '../../functions/export/coverage.ts'
import { type SmallTerms, startTestNode, type TestNode } from '../test-node.ts'

let node: TestNode
afterEach(() => node.remove())

const begin = async (terms: SmallTerms = {}): Promise<TestNode> => {
  node = await startTestNode(terms)
  return node
}

const coverageIn = async (path: string): Promise<DatasetCoverage[]> =>
  JSON.parse(await readFile(join(path, 'MANIFEST.json'), 'utf8')).coverage

test('export: a node that has nothing yet counts every expected cell as missing, and makes nothing latest', async () => {
  const on = await begin()
  const { body } = await on.post('/export')
  expect(body).toMatchObject({
    rows: 0,
    latest: 'kept',
    left: expect.stringContaining('the bundle holds no row of data, so there is no latest yet'),
  })
  const coverage = await coverageIn(body.path as string)
  expect(coverage).toMatchObject([
    { dataset: 'equities_bars', expected: 12, present: 0, absent: 0, missing: 12 },
    { dataset: 'macro_treasury', present: 0, absent: 0 },
  ])
  expect(await readdir(on.env.EXPORT_ROOT!)).not.toContain('latest')
  expect(on.lines.filter((line) => line.includes('export.made_empty') && line.includes('no row of data'))).toHaveLength(
    1,
  )
  expect((await on.get('/status')).body.exports).toEqual([])
  expect((await on.post('/export')).body).toMatchObject({ verdict: 'unchanged' })
})

test('export: a bundle tells of the dataset that a vendor did not serve how much is missing, and is the same made again', async () => {
  const on = await begin({ env: { MASSIVE_API_KEY: '' } })
  on.lab.fred.kill()
  await on.night()
  const { body } = await on.post('/export')
  expect(body).toMatchObject({ verdict: 'unchanged', latest: 'moved' })
  const [bars, yields] = await coverageIn(body.path as string)
  expect(bars).toEqual({ dataset: 'equities_bars', expected: 12, present: 12, held: 0, absent: 0, missing: 0 })
  expect(yields).toMatchObject({ dataset: 'macro_treasury', present: 0, held: 0 })
  expect(yields!.absent + yields!.missing).toBe(yields!.expected)
})
