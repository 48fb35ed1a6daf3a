/** The status page section by section: each is sent again alone when it has changed. What takes part in it is escaped by the template. */
import type { Child } from 'hono/jsx'
import type { Incident } from '../../db/incidents/list-incidents.ts'
import { count, counted, duration, percent, size } from '../_page/figures.ts'
import { dayText, Instant } from '../_page/instant.tsx'
import type { BundleLine, Counted, Overview, VendorLine } from './overview.ts'
import type { Verdict } from './verdict.ts'

/** In the order of the page. */
export const SECTIONS = {
  verdict: VerdictSection,
  chains: ChainsSection,
  queue: QueueSection,
  coverage: CoverageSection,
  bundles: BundlesSection,
  incidents: IncidentsSection,
  vendors: VendorsSection,
  machine: MachineSection,
} as const
export type SectionName = keyof typeof SECTIONS

/** Sections that take the whole width. */
export const WIDE: ReadonlySet<SectionName> = new Set(['coverage', 'vendors', 'machine'])

function VerdictSection({ overview }: { overview: Overview }) {
  const { now, verdict, bundles } = overview
  const bundle = bundles[0]
  return (
    <div class={`verdict ${verdict.level}`}>
      <p>
        {verdict.word}{' '}
        {bundle === undefined ? (
          'No bundle yet.'
        ) : (
          <>
            Last bundle <Instant at={bundle.generatedAt} now={now} />
            {bundle.complete ? ', complete.' : ', incomplete.'}
          </>
        )}{' '}
        <Doing verdict={verdict} now={now} />
      </p>
      {verdict.reasons.length > 0 && (
        <ul>
          {verdict.reasons.map((sentence) => (
            <li>{sentence}</li>
          ))}
        </ul>
      )}
      {verdict.failed.length > 0 && (
        <ul>
          <li>
            In the last night {counted(verdict.failed.length, 'step')} failed: {[...new Set(verdict.failed)].join(', ')}
            . The chains below say why.
          </li>
        </ul>
      )}
    </div>
  )
}

function Doing({ verdict: { running, nextAt }, now }: { verdict: Verdict; now: number }) {
  if (running !== null) {
    return (
      <>
        Running now: {running.chain}, step {running.step} of {running.steps} ({running.call}).
      </>
    )
  }
  return nextAt === null ? (
    <>No run is scheduled.</>
  ) : (
    <>
      Next run <Instant at={nextAt} now={now} />.
    </>
  )
}

function ChainsSection({ overview: { chains, now } }: { overview: Overview }) {
  return (
    <>
      <h2>Chains</h2>
      {chains.length === 0 && <p>No schedule runs.</p>}
      {chains.map(({ id, running, last, nextAt }) => (
        <>
          <h3>{id}</h3>
          {running !== null && (
            <>
              <progress
                value={running.step - 1}
                max={running.steps}
                aria-label={`${id}: steps done of ${running.steps}`}
              ></progress>
              <p>
                Step {running.step} of {running.steps}: <b>{running.call}</b>, since{' '}
                <Instant at={running.since} now={now} />.
              </p>
            </>
          )}
          <p class="quiet">
            {last === null ? (
              'Has not run yet.'
            ) : (
              <>
                Last run <Instant at={last.scheduledAt} now={now} />, ended <Instant at={last.endedAt} now={now} />:{' '}
                {last.ok ? 'every step was ok' : `${counted(last.failed.length, 'step')} failed`}
                {last.left.length > 0 ? `, ${counted(last.left.length, 'step')} left work` : ''}
                {last.scheduledAt !== null && last.endedAt !== null
                  ? `. It took ${duration(Date.parse(last.endedAt) - Date.parse(last.scheduledAt))}.`
                  : '.'}
              </>
            )}{' '}
            Next <Instant at={nextAt} now={now} />.
          </p>
          {last !== null && last.failed.length + last.left.length > 0 && (
            <ul>
              {last.failed.map(({ call, error }) => (
                <li>
                  <b class="bad">{call} failed:</b> {error}
                </li>
              ))}
              {last.left.map(({ call, left }) => (
                <li>
                  {call}: {left}
                </li>
              ))}
            </ul>
          )}
        </>
      ))}
    </>
  )
}

const COUNTING = 'Being counted; it is shown here as soon as it is there.'

function QueueSection({ overview: { queue, coverage, now } }: { overview: Overview }) {
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

function CoverageSection({ overview: { coverage, now } }: { overview: Overview }) {
  if (coverage === null) {
    return (
      <>
        <h2>Coverage</h2>
        <p>{COUNTING}</p>
      </>
    )
  }
  return (
    <>
      <h2>Coverage</h2>
      <Scroll label="Coverage by dataset">
        <thead>
          <tr>
            <th scope="col">Dataset</th>
            <th scope="col">There</th>
            {['Share', 'Present', 'Explained', 'Held', 'To fetch', 'Not to be had now'].map((head) => (
              <th scope="col" class="number">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {coverage.summary.counts.map(({ dataset, present, absent, held }) => {
            const ahead = coverage.summary.forecast.datasets.find((one) => one.dataset === dataset)
            const open = ahead?.open ?? 0
            const unserved = Object.values(ahead?.nobody ?? {}).reduce((sum, cells) => sum + cells, 0)
            const all = present + absent + open + unserved
            const share = all === 0 ? 0 : (present + absent) / all
            return (
              <tr>
                <th scope="row">
                  <a href={`./coverage/${dataset}`}>{dataset}</a>
                </th>
                <td>
                  <progress
                    value={share}
                    max={1}
                    aria-label={`${dataset}: ${percent(share)} is there or explained`}
                  ></progress>
                </td>
                <td class="number">{all === 0 ? 'nothing yet' : percent(share)}</td>
                {[present, absent, held, open, unserved].map((cells) => (
                  <td class="number">{count(cells)}</td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </Scroll>
      <p class="quiet small">
        The share is of cells that are there or explained. Counted <Instant at={coverage.at} now={now} />.
      </p>
    </>
  )
}

function BundlesSection({ overview: { bundles, acks, now } }: { overview: Overview }) {
  return (
    <>
      <h2>Bundles</h2>
      {bundles.length === 0 && <p>None yet: the night chain makes the first.</p>}
      {bundles.length > 0 && (
        <Scroll label="Newest bundles">
          <thead>
            <tr>
              <th scope="col">Day</th>
              <th scope="col">Made</th>
              <th scope="col" class="number">
                Size
              </th>
              <th scope="col" class="number">
                Rows
              </th>
              <th scope="col">Pulled by</th>
            </tr>
          </thead>
          <tbody>
            {bundles.map((bundle, at) => {
              const pullers = acks.filter(({ asof }) => asof === bundle.asof)
              return (
                <tr>
                  <th scope="row" class="day">
                    <a href={`./exports/nightly/${bundle.asof}/`}>{bundle.asof}</a>
                    {bundle.complete ? '' : <b class="warn"> incomplete</b>}
                  </th>
                  <td>
                    <Instant at={bundle.generatedAt} now={now} />
                  </td>
                  <td class="number">{size(bundle.bytes)}</td>
                  <td class="number">
                    {count(bundle.rows)}
                    <RowsMore bundle={bundle} before={bundles[at + 1]} />
                  </td>
                  <td>{pullers.length === 0 ? 'nobody yet' : pullers.map(pullerText).join(', ')}</td>
                </tr>
              )
            })}
          </tbody>
        </Scroll>
      )}
      <p class="small">
        <a href="./exports">All bundles</a>, <a href="./changes">what vendors changed</a>
      </p>
    </>
  )
}

function RowsMore({ bundle, before }: { bundle: BundleLine; before: BundleLine | undefined }) {
  if (before === undefined || bundle.rows === before.rows) return null
  const more = bundle.rows - before.rows
  return <span class="quiet small">{` ${more > 0 ? '+' : '−'}${count(Math.abs(more))}`}</span>
}

const pullerText = ({ puller, missed }: Overview['acks'][number]): string =>
  missed === 0 ? puller : `${puller} (missed ${counted(missed, 'cell')})`

function VendorsSection({ overview: { vendors, now } }: { overview: Overview }) {
  return (
    <>
      <h2>Vendors</h2>
      <Scroll label="Vendors">
        <thead>
          <tr>
            <th scope="col">Vendor</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Calls today
            </th>
            {['Filled', 'Empty', 'Errors'].map((head) => (
              <th scope="col" class="number">
                {head}
              </th>
            ))}
            <th scope="col">Next</th>
          </tr>
        </thead>
        <tbody>
          {vendors.map((vendor) => (
            <tr>
              <th scope="row">
                <a href="./vendors">{vendor.vendor}</a>
              </th>
              <td>
                <VendorState vendor={vendor} now={now} />
              </td>
              <td class="number">
                {count(vendor.spentToday)}
                {vendor.perDay === null ? '' : ` of ${count(vendor.perDay)}`}
              </td>
              {[vendor.filled, vendor.empty, vendor.errors].map((cells) => (
                <td class="number">{vendor.cells === 0 ? '–' : percent(cells / vendor.cells)}</td>
              ))}
              <td>
                {vendor.next === null ? (
                  'nothing waits'
                ) : (
                  <a href={`./why/${vendor.next.dataset}/${encodeURIComponent(vendor.next.symbol)}/${vendor.next.dt}`}>
                    {`${vendor.next.dataset} ${vendor.next.symbol} ${vendor.next.dt}`}
                  </a>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </Scroll>
      <p class="quiet small">Shares are of the cells asked for in the last 24 hours.</p>
    </>
  )
}

function VendorState({ vendor, now }: { vendor: VendorLine; now: number }) {
  const { obstacles, blocked, leftNow, perMinute, nextCallAt } = vendor
  if (obstacles.length > 0) return <>not asked: {obstacles.join('; ')}</>
  if (blocked !== null) {
    return (
      <>
        <b class="warn">left alone</b> until <Instant at={blocked.until} now={now} />: {blocked.why}
      </>
    )
  }
  if (leftNow > 0) return <>{`ready, ${count(leftNow)} of ${count(perMinute)} calls a minute left`}</>
  return (
    <>
      budget spent, next call <Instant at={nextCallAt} now={now} />
    </>
  )
}

function IncidentsSection({ overview: { incidents, now } }: { overview: Overview }) {
  return (
    <>
      <h2>Incidents</h2>
      {incidents.length === 0 && <p>None is open.</p>}
      <ul>
        {incidents.map((incident) => (
          <li>
            <IncidentText incident={incident} now={now} />
          </li>
        ))}
      </ul>
    </>
  )
}

function IncidentText({ incident, now }: { incident: Incident; now: number }) {
  const { kind, dataset, vendor, dt, cells, openedAt, nextLookAt } = incident
  const day = dayText(dt, now)
  return (
    <>
      {kind === 'vendor_outage'
        ? `${vendor} lacks ${dataset} of ${day} for most symbols (${counted(cells, 'cell')}).`
        : `No vendor has ${dataset} of ${day} for any symbol (${counted(cells, 'cell')}): is the calendar right?`}{' '}
      Open since <Instant at={openedAt} now={now} />; the node looks again <Instant at={nextLookAt} now={now} />.
    </>
  )
}

function MachineSection({ overview: { disk, machine, now, version } }: { overview: Overview }) {
  const facts: [string, Child][] = [
    ['Disk', `${size(disk.freeBytes)} of ${size(disk.totalBytes)} free${disk.level === 'ok' ? '' : ', low'}`],
    [
      'Memory',
      machine.freeBytes === null || machine.totalBytes === null
        ? `${size(machine.rssBytes)} used by the node`
        : `${size(machine.freeBytes)} of ${size(machine.totalBytes)} free, ${size(machine.rssBytes)} used by the node`,
    ],
    ['Temperature', machine.celsius === null ? 'not measured here' : `${Math.round(machine.celsius)} °C`],
    ['Load', machine.load.toFixed(1)],
    ['Version', version],
  ]
  return (
    <>
      <h2>Machine</h2>
      <dl>
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
        <dt>Clock</dt>
        <dd>
          <Instant at={now - (now % 60_000)} now={now} /> in New York
        </dd>
      </dl>
    </>
  )
}

/** A table that scrolls by itself on a narrow screen, by keyboard too. */
function Scroll({ label, children }: { label: string; children: Child }) {
  return (
    <section class="scroll" tabindex={0} aria-label={label}>
      <table>{children}</table>
    </section>
  )
}
