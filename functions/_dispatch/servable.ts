/** Whether anybody can serve a day again: what no vendor has any more must not be thrown away because it is damaged. */
import type { CanBeServed } from '../_recovery/mend-files.ts'
import { type Desk, serversOf, specOf } from './desk.ts'
import { serves } from './reach.ts'

export const servableBy =
  (desk: Desk): CanBeServed =>
  (dataset, dt) => {
    const spec = specOf(desk.config, dataset)
    return serversOf(desk, dataset).some(({ terms }) => serves(terms, spec, dt, desk.now()).can !== 'never')
  }
