/** The status page: what each chain of the schedule does, did and does next. */
import { counted, duration } from '../_page/figures.ts'
import { Instant } from '../_page/instant.tsx'
import type { Overview } from './overview.ts'

export function ChainsSection({ overview: { chains, now } }: { overview: Overview }) {
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
