/** What the ledger costs at fifteen million cells: made of all its fragments, and after a night that judged the newest ones. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ledgerFile } from '../../functions/_lake/paths.ts'
import { type BenchRow, figure } from './row.ts'

const SYMBOLS = 3_000
/** The last day of the history, and the session after it. */
const [LAST, NEWEST] = ['2024-12-30', '2024-12-31'] as const
const MOST_S = 60
const MOST_FILE_MB = 500
const MOST_MEMORY_MB = 400
const MOST_NIGHT_S = 5

/** What the process beside this file prints. */
interface Measured {
  rows: number
  seconds: number
  megabytes: number
}

export async function benchLedger(symbols = SYMBOLS): Promise<BenchRow[]> {
  const root = await mkdtemp(join(tmpdir(), 'data-node-bench-ledger-'))
  try {
    await run('history', root, symbols, LAST)
    const whole = await run('ledger', root, symbols, LAST)
    const { size } = await stat(ledgerFile(root))
    // Each in a process of its own, so that its memory is its own.
    const night = await run('night', root, symbols, NEWEST)
    const again = await run('ledger', root, symbols, NEWEST)
    const cells = `${symbols} symbols, ${whole.rows} cells`
    return [
      figure(`${cells}: the ledger of all fragments`, whole.seconds, 's', MOST_S),
      figure('its file', size / 1e6, 'MB', MOST_FILE_MB),
      figure('bytes a cell', size / whole.rows, 'bytes'),
      figure('peak memory of that process', whole.megabytes, 'MB', MOST_MEMORY_MB),
      figure('a night: its fragments and the ledger anew', night.seconds, 's', MOST_NIGHT_S),
      figure('peak memory of that process, which sorts the fragments too', night.megabytes, 'MB'),
      figure('where nothing changed', again.seconds, 's'),
    ]
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function run(mode: string, root: string, symbols: number, to: string): Promise<Measured> {
  const program = fileURLToPath(new URL('./ledger-process.js', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program, mode, root, String(symbols), to])
  return JSON.parse(stdout) as Measured
}
