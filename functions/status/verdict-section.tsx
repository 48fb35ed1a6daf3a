/** The first line of the status page: how the node is, what it did last and does next, and what is wrong. */
import { Instant } from '../_page/instant.tsx'
import type { Overview } from './overview.ts'
import type { Verdict } from './verdict.ts'

export function VerdictSection({ overview }: { overview: Overview }) {
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
