/** Whether any vendor can serve a day again. Damaged data that no vendor has any more must not be thrown away. */
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { availabilityOf } from './availability.ts'
import { sourcesFor, specOf } from './catalog.ts'
import type { DispatchContext } from './context.ts'

/** Whether some vendor can serve a day of a dataset, now or later. */
export type CanBeServed = (dataset: DatasetName, dt: Dt) => boolean

export const servableBy =
  (context: DispatchContext): CanBeServed =>
  (dataset, dt) => {
    const spec = specOf(context.config, dataset)
    return sourcesFor(context, dataset).some(
      ({ terms }) => availabilityOf(terms, spec, dt, context.now()).can !== 'never',
    )
  }
