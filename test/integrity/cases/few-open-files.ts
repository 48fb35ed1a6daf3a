/** The node is started where a process may open few files. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Case } from '../case.ts'
import { judge } from '../judge.ts'

const SERVE = fileURLToPath(new URL('../../../functions/_runtime/serve.js', import.meta.url))
const LIMITS = [32, 64, 128, 200, 300]
const WAIT_MS = 20_000

export const fewOpenFiles: Case = {
  fault: 'the node starts where a process may open few files',
  expected: ['refused', 'healed'],
  async run(workshop) {
    const stage = await workshop.copy()
    const said: string[] = []
    for (const limit of LIMITS) said.push(`${limit}: ${await startWith(stage.root, limit)}`)
    const judged = await judge(stage.root, workshop.undisturbed, [])
    const silent = said.filter((text) => !/starts|open files|file descriptors|ulimit|LimitNOFILE/i.test(text))
    if (silent.length > 0)
      return { injections: LIMITS.length, ...judged, did: 'wrong', note: silent.join('; ').slice(0, 160) }
    return { injections: LIMITS.length, ...judged, note: said.join('; ').slice(0, 160) }
  },
}

/** What the process said last, or that it started. */
async function startWith(root: string, limit: number): Promise<string> {
  const env = {
    PATH: process.env.PATH ?? '',
    DATA_ROOT: join(root, 'data_layer'),
    EXPORT_ROOT: join(root, 'exports'),
    CONFIG_DIR: join(root, 'config'),
    CRON_FILE: join(root, 'cron.json'),
    STATE_DIR: join(root, 'remembered'),
    CLOCK_CHECK: 'off',
    PORT: '0',
  }
  const child = spawn('bash', ['-c', `ulimit -n ${limit}; exec "${process.execPath}" "${SERVE}"`], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (said.includes('start.listening')) child.kill('SIGTERM')
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), WAIT_MS)
  await new Promise((done) => child.once('close', done))
  clearTimeout(timer)
  return said.includes('start.listening') ? 'starts' : (said.trim().split('\n').at(-1) ?? 'nothing')
}
