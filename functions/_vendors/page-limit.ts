/** The end of a plan that stops before all is answered: no fault of anybody, and what is left may be asked for at once. */
import { VendorError } from './vendor.ts'

export const reachedPageLimit = (vendor: string, { after, retryAt }: { after: number; retryAt: number }): VendorError =>
  new VendorError(
    vendor,
    'rate_limited',
    `nothing more was sent to ${vendor}; the ${after} pages of the plan are served, what they leave is queued again`,
    { retryAt },
  )
