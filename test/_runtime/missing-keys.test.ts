import { expect, test } from 'vitest'
import { missingKeysText } from '../../functions/_runtime/missing-keys.ts'

const ALPACA = { missing: ['APCA_API_KEY_ID', 'APCA_API_SECRET_KEY'] }
const MASSIVE = { missing: ['MASSIVE_API_KEY'] }

test('missing keys: vendors of one account name their keys once', () => {
  expect(missingKeysText([ALPACA, ALPACA, MASSIVE])).toBe('APCA_API_KEY_ID and APCA_API_SECRET_KEY, or MASSIVE_API_KEY')
})

test('missing keys: a vendor that has its keys is not named', () => {
  expect(missingKeysText([{ missing: [] }, MASSIVE])).toBe('MASSIVE_API_KEY')
  expect(missingKeysText([{ missing: [] }])).toBe('')
})
