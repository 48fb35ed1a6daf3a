/** Requests that fail, for the tests of error handling. */
import { expect } from 'vitest'
import { massive } from '../../functions/_vendors/massive/index.ts'
import { type Connector, type Get, VendorError } from '../../functions/_vendors/vendor.ts'
import { type GetMore, type Script, scriptedVendor } from './scripted-vendor.ts'

export const QUESTION = { path: '/v2/things', query: { symbols: 'A,B' } }

/** The error of a request; a success fails the test. */
export async function errorOf(get: Get, request: Parameters<Get>[0] = QUESTION): Promise<VendorError> {
  const outcome = await get(request).then(
    () => null,
    (error: unknown) => error,
  )
  expect(outcome).toBeInstanceOf(VendorError)
  return outcome as VendorError
}

/** The error that a vendor's script leads to, which must have been asked once and no more. */
export async function refusal(
  script: Script,
  connector: Connector = massive,
  more: GetMore = {},
): Promise<VendorError> {
  const vendor = await scriptedVendor(script)
  try {
    const error = await errorOf(vendor.get(connector, more))
    expect(vendor.asked.length).toBe(1)
    return error
  } finally {
    await vendor.close()
  }
}
