/** Places of the queue: in what its working set is measured, and how many the open tasks take. */
import type { DatasetConfig } from '../../config/schema.ts'
import { countOpenByMonth } from '../../db/gap-tasks/count-tasks.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { DatasetName } from '../_market/cell.ts'
import { type Dt, monthOf } from '../_market/dt.ts'

/** Days without events are many and cost nothing: a list answers thousands of them, and one task stands for a month of them. */
const EVENT_DAYS_A_PLACE = 20

/** Cells that one place holds. */
const cellsAPlace = (spec: DatasetConfig | undefined): number =>
  spec?.expected_rows === 'events' ? EVENT_DAYS_A_PLACE : 1

/** Places that so many cells take. */
export const placesOf = (spec: DatasetConfig | undefined, cells: number): number => Math.ceil(cells / cellsAPlace(spec))

/** Cells for so many places. */
export const cellsOf = (spec: DatasetConfig, places: number): number => places * cellsAPlace(spec)

/** What the open tasks of one dataset take. */
export interface OpenPlaces {
  all: number
  /** Of the months of a range; one that begins or ends in the midst of a month counts all of it. */
  within(range: { fromDt: Dt; toDt: Dt }): number
}

export async function openPlaces({ db, config }: DispatchContext): Promise<(dataset: string) => OpenPlaces> {
  const open = await countOpenByMonth(db)
  return (dataset) => {
    const spec = config.datasets[dataset as DatasetName]
    const months = open.filter((month) => month.dataset === dataset)
    const sum = (those: typeof months): number => those.reduce((places, { cells }) => places + placesOf(spec, cells), 0)
    return {
      all: sum(months),
      within: ({ fromDt, toDt }) =>
        sum(months.filter(({ month }) => month >= monthOf(fromDt) && month <= monthOf(toDt))),
    }
  }
}
