/** Turns the node's log lines into what a person wants to see go by. */

type Line = { msg: string } & Record<string, unknown>

export function progress(text: string, say: (line: string) => void): void {
  const line = JSON.parse(text) as Line
  const shown = sentence(line)
  if (shown !== null) say(`  ${shown}`)
}

function sentence(line: Line): string | null {
  switch (line.msg) {
    case 'cron.fired':
      return Number(line.step) > 0 ? `the night goes on at step ${Number(line.step) + 1}` : 'the night begins'
    case 'audit.completed':
      return `audit: ${line.expected} cells expected, ${line.gaps} gaps, ${line.enqueued} tasks queued`
    case 'dispatch.answered':
      return `${line.vendor} ${line.dataset}: ${outcomes(line.outcomes)} in ${line.calls} calls, ${line.rows} rows`
    case 'dispatch.circuit_opened':
      return `${line.vendor} is left alone for ${Math.round(Number(line.openMs) / 60_000)} min: ${line.why}`
    case 'cron.step_failed':
      return `${line.call} failed: ${line.error}`
    case 'cron.step_completed':
      return line.call === 'ingest-tick' || line.call === 'audit' ? null : `${line.call} done after ${line.calls} calls`
    default:
      return null
  }
}

const outcomes = (counts: unknown): string =>
  Object.entries(counts as Record<string, number>)
    .map(([outcome, cells]) => `${cells} ${outcome}`)
    .join(', ')
