/** Whose data a vendor's name stands for, also where it is not connected any more: such a vendor is a house of its own. */
import { providerOf } from './catalog.ts'
import type { DispatchContext } from './context.ts'

export function houseOf(context: Pick<DispatchContext, 'vendors'>, vendor: string): string {
  const connection = context.vendors.find(({ name }) => name === vendor)
  return connection === undefined ? vendor : providerOf(context, connection)
}
