/** The status page: what is queued, by lane, and how long the backlog will take. */

import { COUNTING } from '../_page/counting-text.ts'
import { count, counted, duration, size } from '../_page/figures.ts'
import { Instant } from '../_page/instant.tsx'
import { Scroll } from '../_page/scrolling-table.tsx'
import type { Counted, Overview } from './overview.ts'

export function QueueSection({ overview: { queue, coverage, now } }: { overview: Overview }) {
  return (
    <>
      <h2>Queue</h2>
      <Forecast counted={coverage?.summary ?? null} now={now} />
      {queue === null ? (
        <p>{COUNTING}</p>
      ) : queue.summary.length === 0 ? (
        <p>Nothing is queued.</p>
      ) : (
        <Scroll label="Queued cells by lane and dataset">
          <thead>
            <tr>
              <th scope="col">Lane</th>
              <th scope="col">Dataset</th>
              <th scope="col">State</th>
              <th scope="col" class="number">
                Cells
              </th>
              <th scope="col">Oldest day</th>
              <th scope="col">Newest day</th>
            </tr>
          </thead>
          <tbody>
            {linesOf(queue.summary).map(({ lane, dataset, state, tasks, oldestDt, newestDt }) => (
              <tr>
                <th scope="row">{lane}</th>
                <td>{dataset}</td>
                <td>{state === 'stalled' ? <b class="warn">stalled: given up</b> : state}</td>
                <td class="number">{count(tasks)}</td>
                <td class="day">{oldestDt}</td>
                <td class="day">{newestDt}</td>
              </tr>
            ))}
          </tbody>
        </Scroll>
      )}
    </>
  )
}

type Tally = NonNullable<Overview['queue']>['summary'][number]

/** One line a lane, dataset and state; lane `today` first. */
function linesOf(tallies: readonly Tally[]): Tally[] {
  const lines = new Map<string, Tally>()
  for (const tally of tallies) {
    const key = `${tally.lane === 'today' ? 0 : 1} ${tally.dataset} ${tally.state}`
    const line = lines.get(key)
    if (line === undefined) {
      lines.set(key, { ...tally })
      continue
    }
    line.tasks += tally.tasks
    if (tally.oldestDt < line.oldestDt) line.oldestDt = tally.oldestDt
    if (tally.newestDt > line.newestDt) line.newestDt = tally.newestDt
  }
  return [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line)
}

function Forecast({ counted: known, now }: { counted: Counted | null; now: number }) {
  if (known === null) return null
  const { outlook, forecast } = known
  if (outlook.cells === 0) {
    return (
      <p>
        Every cell that a vendor can serve is there
        {outlook.unserved > 0 ? `; ${counted(outlook.unserved, 'cell')} no vendor can serve now` : ''}.
      </p>
    )
  }
  return (
    <p>
      To fetch: {counted(outlook.cells, 'cell')} in about {counted(outlook.calls, 'call')},{' '}
      {size(outlook.gigabytes * 1e9)}.{' '}
      {forecast.earliest === null || forecast.latest === null ? (
        'No end is foreseen.'
      ) : (
        <>
          Done between <Instant at={forecast.earliest} now={now} /> and <Instant at={forecast.latest} now={now} />, in{' '}
          {duration(forecast.earliest - now)} to {duration(forecast.latest - now)} of asking.
        </>
      )}
    </p>
  )
}
