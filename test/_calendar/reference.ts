/** Reads the reference calendars that lie beside a checkout, and says why a test is skipped where they are absent. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { TestContext } from 'vitest'

/** The rows of a reference CSV without its header; skips the test when the file is absent. */
export function referenceRows(context: TestContext, file: string): string[][] {
  const path = resolve(process.cwd(), '../shared/data/calendar', file)
  if (!existsSync(path)) return context.skip(`reference data is absent: expected ../shared/data/calendar/${file}`)
  const lines = readFileSync(path, 'utf8').trimEnd().split(/\r?\n/)
  return lines.slice(1).map((line) => line.split(','))
}
