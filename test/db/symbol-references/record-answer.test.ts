import { expect, test } from 'vitest'
import { listReferenceChecks, recordReferenceFailure } from '../../../db/reference-checks/reference-checks.ts'
import { listReferences } from '../../../db/symbol-references/list-references.ts'
import { type ReferenceAnswer, recordAnswer } from '../../../db/symbol-references/record-answer.ts'
import { recordFiled } from '../../../db/symbol-references/record-filed.ts'
import { dyingAfter, freshDb, NOW, snapshot } from '../temp-db.ts'

const DAY = 86_400_000
const answer = (
  question: ReferenceAnswer['question'],
  statements: ReferenceAnswer['statements'],
  more: Partial<ReferenceAnswer> = {},
): ReferenceAnswer => ({ vendor: 'massive', question, asof: '2024-07-05', statements, ...more })

test('reference answer: each question fills its own columns and leaves the others', async () => {
  const db = await freshDb()
  const described = { name: 'Apple Inc.', type: 'CS', exchange: 'XNAS', compositeFigi: 'BBG1', cik: '0000320193' }
  await recordAnswer(db, answer('listed', [{ symbol: 'AAPL', isListed: true, ...described }]), NOW)
  await recordAnswer(db, answer('details', [{ symbol: 'AAPL', listedFrom: '1980-12-12' }]), NOW + 1)
  const earlierTickers = [{ symbol: 'APPL', to: '1990-01-02' }]
  await recordAnswer(db, answer('names', [{ symbol: 'AAPL', earlierTickers }]), NOW + 2)
  await recordFiled(db, [{ vendor: 'massive', symbol: 'AAPL', tickers: earlierTickers }], NOW + 3)
  expect(await listReferences(db)).toEqual([
    {
      vendor: 'massive',
      symbol: 'AAPL',
      isListed: true,
      ...described,
      listedFrom: '1980-12-12',
      delistedOn: null,
      delistedFirstStatedAt: null,
      delistedStatedAt: null,
      eventTickers: earlierTickers,
      filedTickers: earlierTickers,
      listedAskedAt: NOW,
      delistedAskedAt: null,
      detailsAskedAt: NOW + 1,
      namesAskedAt: NOW + 2,
      filedAt: NOW + 3,
    },
  ])
})

test('reference answer: what an answer does not state stays, but a list may lose a symbol', async () => {
  const db = await freshDb()
  await recordAnswer(db, answer('listed', [{ symbol: 'AAPL', isListed: true, name: 'Apple' }]), NOW)
  await recordAnswer(db, answer('details', [{ symbol: 'AAPL', listedFrom: '1980-12-12' }]), NOW)
  await recordAnswer(db, answer('listed', [{ symbol: 'AAPL', isListed: false }]), NOW + DAY)
  await recordAnswer(db, answer('details', [{ symbol: 'AAPL' }]), NOW + DAY)
  expect(await listReferences(db)).toMatchObject([{ isListed: false, name: 'Apple', listedFrom: '1980-12-12' }])
})

test('reference answer: a delisting keeps the instant at which its day was stated first', async () => {
  const db = await freshDb()
  const delisted = (delistedOn: string, now: number) =>
    recordAnswer(db, answer('delisted', [{ symbol: 'ATVI', delistedOn }]), now)
  await delisted('2023-10-13', NOW)
  await delisted('2023-10-13', NOW + DAY)
  expect(await listReferences(db)).toMatchObject([{ delistedFirstStatedAt: NOW, delistedStatedAt: NOW + DAY }])
  await recordAnswer(db, answer('delisted', [{ symbol: 'ATVI' }]), NOW + 2 * DAY)
  expect(await listReferences(db)).toMatchObject([
    {
      delistedOn: '2023-10-13',
      delistedFirstStatedAt: NOW,
      delistedStatedAt: NOW + DAY,
      delistedAskedAt: NOW + 2 * DAY,
    },
  ])
  await delisted('2023-10-16', NOW + 3 * DAY)
  expect(await listReferences(db)).toMatchObject([
    { delistedOn: '2023-10-16', delistedFirstStatedAt: NOW + 3 * DAY, delistedStatedAt: NOW + 3 * DAY },
  ])
})

test('reference answer: the call is counted with the answer, or neither is kept', async () => {
  const db = await freshDb()
  const before = await snapshot(db)
  await expect(
    recordAnswer(dyingAfter(db, 0), answer('listed', [{ symbol: 'A', isListed: true }]), NOW),
  ).rejects.toThrow('killed')
  expect(await snapshot(db)).toEqual(before)
  await recordAnswer(db, answer('listed', [{ symbol: 'A', isListed: true }]), NOW)
  const check = { vendor: 'massive', question: 'listed', asof: '2024-07-05', error: null }
  expect(await listReferenceChecks(db)).toEqual([{ ...check, calls: 1, askedAt: NOW }])
})

test('reference checks: calls are counted a night, and an error stays until the next call', async () => {
  const db = await freshDb()
  const call = { vendor: 'massive', question: 'listed', asof: '2024-07-05', error: 'it is down' }
  await recordAnswer(db, answer('listed', []), NOW)
  await recordReferenceFailure(db, call, NOW + 1)
  expect(await listReferenceChecks(db)).toEqual([{ ...call, calls: 2, askedAt: NOW + 1 }])
  await recordAnswer(db, answer('listed', [], { asof: '2024-07-08' }), NOW + 3 * DAY)
  expect(await listReferenceChecks(db)).toMatchObject([{ asof: '2024-07-08', calls: 1, error: null }])
})
