/**
 * `node weeks.js ROOT`: a node's weeks as a process that may be killed at any instant. Nights, then a weekend on which everything that tidies works at
 * once, then another night. Which stages are whole stands in ROOT/stage; called again, it goes on with the next one.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { instantOf } from '../../functions/_calendar/zone.ts'
import type { Options } from '../demo/options.ts'
import { type AtWork, atWork, type WorkTerms } from './night.ts'

/** Three days of May, closed by July: their minutes are compacted and their evidence is packed. */
const OPTIONS: Omit<Options, 'root' | 'asof'> = {
  symbols: ['AAPL', 'MSFT'],
  from: '2025-05-28',
  kill: [],
  seed: 7,
  port: 0,
  serve: false,
  json: false,
}

interface Stage {
  asof: string
  now?: number
  work(at: AtWork): Promise<unknown>
}

/** Plays the night's chain. Of calls that it makes several times the last one counts: an early export names what the backlog still brings. */
async function night(at: AtWork): Promise<void> {
  const last = new Map((await at.night()).map((ending) => [ending.call, ending]))
  const failed = [...last.values()].filter(({ ok }) => !ok)
  if (failed.length > 0) throw new Error(failed.map(({ call, error }) => `${call}: ${error ?? ''}`).join('; '))
}

const TIDYING = [
  'compact',
  'sweep',
  'backup',
  'curate-partition',
  'qc-partition',
  'dispatch-one-task',
  'compact',
  'sweep',
]
const MOST_CALLS = 200

/** Calls a function until it says that nothing is left. */
async function untilIdle(at: AtWork, call: string): Promise<void> {
  for (let calls = 0; calls < MOST_CALLS; calls++) {
    const { status, body } = await at.post(`/${call}`)
    if (status !== 200) throw new Error(`POST /${call}: expected 200, got ${status} ${JSON.stringify(body)}`)
    if (body.more !== true) return
  }
  throw new Error(`POST /${call}: expected an end within ${MOST_CALLS} calls`)
}

const STAGES: readonly Stage[] = [
  { asof: '2025-06-02', work: night },
  { asof: '2025-06-03', work: night },
  {
    asof: '2025-07-18',
    now: instantOf('2025-07-19', '08:00'),
    work: (at) => Promise.all(TIDYING.map((call) => untilIdle(at, call))),
  },
  { asof: '2025-07-21', work: night },
]

const root = resolve(process.argv[2] ?? '')
mkdirSync(root, { recursive: true })
const mark = join(root, 'stage')
for (let at = existsSync(mark) ? Number(readFileSync(mark, 'utf8')) : 0; at < STAGES.length; at++) {
  const { asof, now, work } = STAGES[at]!
  const terms: WorkTerms = { env: { BACKUP_ROOT: join(root, 'backup') }, ...(now === undefined ? {} : { now }) }
  await atWork({ root, options: { ...OPTIONS, asof, root } }, work, terms)
  writeFileSync(`${mark}.temp`, String(at + 1))
  renameSync(`${mark}.temp`, mark)
}
