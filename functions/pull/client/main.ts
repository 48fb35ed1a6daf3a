/** `node pull.mjs --from URL --to DIR` and `npm run pull`: the command around one pull. */
import { setTimeout as pause } from 'node:timers/promises'
import { EXIT, PullError, type PullOptions, readPullOptions, USAGE } from './options.ts'
import { bytesText, showProgress } from './progress.ts'
import { type PullResult, pull } from './pull.ts'

const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const

const say = (text: string): void => void process.stderr.write(`${text}\n`)

async function runPull(options: PullOptions): Promise<number> {
  const interrupt = new AbortController()
  let code: number | null = null
  for (const [name, exitCode] of Object.entries(SIGNAL_CODES)) {
    process.on(name, () => {
      // A second one does not wait.
      if (code !== null) process.exit(exitCode)
      code = exitCode
      interrupt.abort(new Error(`interrupted by ${name}`))
    })
  }
  const { isQuiet, isJson } = options
  const elapsed = (): number => performance.now()
  const write = (text: string): void => void process.stderr.write(text)
  const progress = showProgress({ isTerminal: process.stderr.isTTY === true, isQuiet, elapsed, write })
  const { signal } = interrupt
  const sleep = (ms: number): Promise<void> => pause(ms, undefined, { signal })
  const begun = elapsed()
  try {
    const result = await pull({ options, progress, signal, elapsed, sleep })
    if (!isQuiet) say(resultText(result, elapsed() - begun))
    if (isJson) process.stdout.write(`${JSON.stringify({ ok: true, ...result })}\n`)
    return EXIT.done
  } catch (error) {
    progress.end()
    const message = error instanceof Error ? error.message : String(error)
    const exitCode = code ?? (error instanceof PullError ? error.exitCode : EXIT.failed)
    say(
      code === null
        ? message
        : `Interrupted. What has come stays in ${options.to}; the same command goes on from there.`,
    )
    if (isJson) process.stdout.write(`${JSON.stringify({ ok: false, exitCode, error: message })}\n`)
    return exitCode
  }
}

function resultText(
  { asof, isUpToDate, path, fetched, reused, bytes, complete, latest, removed }: PullResult,
  milliseconds: number,
): string {
  const how = isUpToDate
    ? 'was there already'
    : `${fetched.files} files fetched (${bytesText(fetched.bytes)}), ${reused} reused, ${bytesText(bytes)} in all, verified, in ${(milliseconds / 1000).toFixed(1)} s`
  const notes = [
    complete ? '' : ' It is not complete: its README.md says what is missing.',
    latest === asof ? '' : ` DIR/latest stays at ${latest}, which is newer.`,
    removed.length === 0 ? '' : ` Removed: ${removed.join(', ')}.`,
  ]
  return `${path}: ${how}.${notes.join('')}`
}

try {
  const options = await readPullOptions(process.argv.slice(2), process.env)
  if (options === null) process.stdout.write(USAGE)
  else process.exitCode = await runPull(options)
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = error instanceof PullError ? error.exitCode : EXIT.failed
}
