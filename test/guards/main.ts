/** `npm run test:guards [-- NAME …]`: removes each guard in a copy of the tree and shows the test that fails without it. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import type { Guard } from './guard.ts'
import { GUARDS } from './list.ts'

const LEFT_OUT = new Set(['node_modules', 'dist', '.git', 'demo-root', 'lab-root', 'data_layer', 'exports'])

const wanted = process.argv.slice(2).map((word) => word.toLowerCase())
const isWanted = ({ name, file }: Guard): boolean =>
  wanted.length === 0 || wanted.some((word) => `${name} ${file}`.toLowerCase().includes(word))

interface Run {
  status: number | null
  stdout: string
  stderr: string
}

function runTest(copy: string, test: string): Run {
  const vitest = join('node_modules', 'vitest', 'vitest.mjs')
  const config = /^test\/scenarios\/|\.long\.test\.ts$/.test(test) ? ['-c', 'vitest.scenarios.config.ts'] : []
  return spawnSync(process.execPath, [vitest, 'run', ...config, '--reporter=json', '--bail=1', test], {
    cwd: copy,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  })
}

const hasReport = ({ status, stdout }: Run): boolean => status === 0 || stdout.includes('{')

/** The title of the first test that failed; null when all passed. A run that printed no report is repeated once: a loaded machine kills test runners. */
function firstFailure(copy: string, test: string): string | null {
  let run = runTest(copy, test)
  if (!hasReport(run)) run = runTest(copy, test)
  if (!hasReport(run))
    throw new Error(`expected the report of ${test}, got: ${(run.stderr || run.stdout).slice(-2000)}`)
  if (run.status === 0) return null
  const { testResults } = JSON.parse(run.stdout.slice(run.stdout.indexOf('{'))) as {
    testResults: { message: string; assertionResults: { status: string; fullName: string }[] }[]
  }
  const failed = testResults.flatMap((file) => file.assertionResults).find(({ status }) => status === 'failed')
  if (failed) return failed.fullName
  throw new Error(`expected a failed test in ${test}, got a file that did not load: ${testResults[0]?.message}`)
}

function withoutGuard(copy: string, { file, find, replace }: Guard, work: () => string | null): string | null {
  const path = join(copy, file)
  const whole = readFileSync(path, 'utf8')
  const times = whole.split(find).length - 1
  if (times !== 1) throw new Error(`expected the guard once in ${file}, found it ${times} times: ${find}`)
  writeFileSync(
    path,
    whole.replace(find, () => replace),
  )
  try {
    return work()
  } finally {
    writeFileSync(path, whole)
  }
}

const root = resolve('.')
const beside = mkdtempSync(join(tmpdir(), 'guards-'))
const copy = join(beside, 'checkout')
let failures = 0
try {
  cpSync(root, copy, { recursive: true, filter: (from) => !LEFT_OUT.has(relative(root, from)) })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  for (const guard of GUARDS.filter(isWanted)) {
    const failed = withoutGuard(copy, guard, () => firstFailure(copy, guard.test))
    if (failed === null) failures += 1
    const verdict = failed === null ? `NO TEST FAILED in ${guard.test}` : failed
    process.stdout.write(`${failed === null ? 'unguarded' : 'guarded  '}  ${guard.name}\n           ${verdict}\n`)
  }
} finally {
  rmSync(beside, { recursive: true, force: true })
}
process.stdout.write(`\n${GUARDS.filter(isWanted).length - failures} passed, ${failures} failed\n`)
process.exitCode = failures === 0 ? 0 : 1
