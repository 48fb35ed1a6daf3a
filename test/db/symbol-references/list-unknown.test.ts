import { expect, test } from 'vitest'
import { listUnknown } from '../../../db/symbol-references/list-unknown.ts'
import { recordAnswer } from '../../../db/symbol-references/record-answer.ts'
import { recordFiled } from '../../../db/symbol-references/record-filed.ts'
import { freshDb, NOW } from '../temp-db.ts'

test('unknown symbols: those that a vendor was asked about and says nothing of, vendor by vendor', async () => {
  const db = await freshDb()
  const asked = { vendor: 'massive', question: 'listed', asof: '2024-07-05' } as const
  const unlisted = ['TYPO', 'GONE', 'OLD', 'OTHER'].map((symbol) => ({ symbol, isListed: false }))
  await recordAnswer(db, { ...asked, statements: [...unlisted, { symbol: 'AAPL', isListed: true }] }, NOW)
  await recordAnswer(db, { ...asked, vendor: 'alpaca', statements: [{ symbol: 'TYPO', isListed: true }] }, NOW)
  const gone = [{ symbol: 'GONE', delistedOn: '2020-01-02' }]
  await recordAnswer(db, { ...asked, question: 'delisted', statements: gone }, NOW)
  await recordFiled(db, [{ vendor: 'massive', symbol: 'OLD', tickers: [{ symbol: 'OLDER', to: '2010-01-04' }] }], NOW)
  expect(await listUnknown(db, ['TYPO', 'GONE', 'OLD', 'AAPL', 'NEVER'])).toEqual([
    { vendor: 'massive', symbol: 'TYPO' },
  ])
})
