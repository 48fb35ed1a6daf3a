/** A request outside a call plan: the vendor's failure is a value, a bug still throws. */
import { type Get, type HttpAnswer, VendorError } from './vendor.ts'

export async function tryGet(get: Get, request: Parameters<Get>[0]): Promise<HttpAnswer | VendorError> {
  try {
    return await get(request)
  } catch (error) {
    if (error instanceof VendorError) return error
    throw error
  }
}
