/** What is recorded of a cell that a second vendor's version decided something of. Pure. */
import type { SecondView } from '../../db/second-views/record-second-views.ts'
import type { JudgedCell } from './judgement.ts'

export function secondViewOf({ symbol, dt, vendor, secondVendor, second }: JudgedCell): SecondView[] {
  if (second === null || vendor === null || secondVendor === null) return []
  const { action, numbers, lifts } = second
  return [{ symbol, dt, vendor, secondVendor, action, numbers: JSON.stringify(numbers), lifts: lifts ? 1 : 0 }]
}
