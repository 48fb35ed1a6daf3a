/** What pages take to come at 3,000 symbols and twenty years: their first byte and their last, and what another request waits for meanwhile. */
import { COUNTING } from '../../functions/_page/counting-text.ts'
import { ProportionScene } from './proportion/scene.ts'
import { type BenchRow, figure } from './row.ts'
import { timed } from './watch.ts'

/** Of 3,300 symbols, 21 sessions a month, 240 months. */
const CELLS = 16_632_000
const LOOKS = 20
const COVERAGE = '/coverage/equities_bars'
const PAGES = ['/', COVERAGE, '/vendors', '/exports/latest']
const MOST = { firstByteMs: 50, completeMs: 300, livezMs: 250 }

interface Look {
  status: number
  firstByteMs: number
  completeMs: number
  bytes: number
  text: string
}

export async function benchPages(): Promise<BenchRow[]> {
  const scene = await ProportionScene.open(CELLS)
  const { address } = scene.running
  try {
    const cells = await scene.fillMasks()
    const livez = pulse(`${address}/livez`)
    const first = await look(address, COVERAGE)
    const [, mapMs] = await timed(() => counted(address, COVERAGE))
    const busy = await look(address, '/')
    const [, summaryMs] = await timed(() => counted(address, '/'))
    const rows = [
      figure('cells that are there', cells, 'cells'),
      figure('the map of coverage, never counted before: first byte', first.firstByteMs, 'ms'),
      figure('the map, until it is counted', mapMs / 1_000, 's'),
      figure('GET / while its summary is counted: first byte', busy.firstByteMs, 'ms'),
      figure('the summary, until it is counted', summaryMs / 1_000, 's'),
      figure('meanwhile /livez, 99 of 100', await livez.stop(), 'ms', MOST.livezMs),
    ]
    for (const page of PAGES) {
      await look(address, page)
      await counted(address, page)
      const looks: Look[] = []
      for (let at = 0; at < LOOKS; at++) looks.push(await look(address, page))
      const middle = (of: (look: Look) => number): number => looks.map(of).sort((a, b) => a - b)[LOOKS / 2]!
      rows.push(
        figure(
          `GET ${page}: first byte`,
          middle(({ firstByteMs }) => firstByteMs),
          'ms',
          MOST.firstByteMs,
        ),
        figure(
          `GET ${page}: complete`,
          middle(({ completeMs }) => completeMs),
          'ms',
          MOST.completeMs,
        ),
        figure(`GET ${page}: size`, middle(({ bytes }) => bytes) / 1_000, 'kB'),
      )
    }
    return rows
  } finally {
    await scene.remove()
  }
}

async function counted(address: string, path: string): Promise<void> {
  while ((await look(address, path)).text.includes(COUNTING)) await new Promise((resolve) => setTimeout(resolve, 200))
}

async function look(address: string, path: string): Promise<Look> {
  const begun = performance.now()
  const answer = await fetch(`${address}${path}`, { headers: { accept: 'text/html' } })
  const firstByteMs = performance.now() - begun
  const text = await answer.text()
  const found = { status: answer.status, firstByteMs, completeMs: performance.now() - begun, bytes: text.length, text }
  if (answer.status >= 500) throw new Error(`expected a page of GET ${path}, got ${answer.status}`)
  return found
}

/** Asks again and again until it is stopped, and then says how long 99 of 100 answers took at the most. */
function pulse(url: string): { stop(): Promise<number> } {
  let isStopped = false
  const took: number[] = []
  const asking = (async () => {
    while (!isStopped) {
      const [, ms] = await timed(async () => await (await fetch(url)).text())
      took.push(ms)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })()
  return {
    async stop() {
      isStopped = true
      await asking
      return took.sort((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? Number.NaN
    },
  }
}
