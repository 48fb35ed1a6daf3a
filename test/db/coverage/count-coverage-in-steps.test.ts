import { expect, test } from 'vitest'
import { openDb } from '../../../db/client.ts'
import { countCoverage } from '../../../db/coverage/count-coverage.ts'
import { countCoverageInSteps } from '../../../db/coverage/count-coverage-in-steps.ts'
import { migrateDb } from '../../../db/migrate.ts'
import { fillCoverage, madeUpMasks, masksConfig } from '../../coverage/node-with-masks.ts'

test('coverage count in steps: the sums are those of one statement, at any number of symbols', async () => {
  for (const symbols of [1, 99, 100, 101, 250]) {
    const db = await openDb(':memory:')
    await migrateDb(db, 'migrations')
    await fillCoverage(db, 'equities_bars', madeUpMasks(await masksConfig(symbols), '2024-01-02', '2024-12-31'))
    const whole = await countCoverage(db)
    expect(whole[0]!.symbols).toBe(symbols)
    expect(await countCoverageInSteps(db, ['equities_bars'])).toEqual(whole)
    db.close()
  }
})

test('coverage count in steps: a dataset without a known cell has zeros', async () => {
  const db = await openDb(':memory:')
  await migrateDb(db, 'migrations')
  const zeros = { symbols: 0, present: 0, short: 0, absent: 0, held: 0 }
  expect(await countCoverageInSteps(db, ['macro_treasury', 'equities_bars'])).toEqual([
    { dataset: 'equities_bars', ...zeros },
    { dataset: 'macro_treasury', ...zeros },
  ])
  db.close()
})
