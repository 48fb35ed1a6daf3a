/** Which variables are to be set so that a vendor has its keys, in words. */
import type { VendorConnection } from '../_catalog/context.ts'

/** `A and B, or C`: each vendor's own, once where vendors share an account. Empty where none is missing. */
export const missingKeysText = (vendors: readonly Pick<VendorConnection, 'missing'>[]): string => {
  const choices = vendors.filter(({ missing }) => missing.length > 0).map(({ missing }) => missing.join(' and '))
  return [...new Set(choices)].join(', or ')
}
