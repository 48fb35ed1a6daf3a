/** What vendors stated of a day's corporate actions, and what became of each statement, in sentences. */
import { listAccepted } from '../../db/attempts/list-accepted.ts'
import { actionColumns } from '../_actions/action-columns.ts'
import { type GoneStatement, goneSql } from '../_actions/gone-statements.ts'
import { mergedSql } from '../_actions/merged-actions.ts'
import { MOST_DAYS_MOVED } from '../_actions/standing-statements.ts'
import { withStatementRows } from '../_actions/statement-rows.ts'
import type { Node } from '../_http/node.ts'
import { rawFilesOf } from '../_lake/list-raw-files.ts'
import { rawFileParts } from '../_lake/paths.ts'
import { UnreadableFiles } from '../_lake/query-raw.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { addDays, type Dt } from '../_market/dt.ts'
import type { Cell } from './request.ts'

interface Terms {
  kind: string
  cash: number | null
  old_shares: number | null
  new_shares: number | null
}

interface Standing extends Terms {
  sources: string
  seen: Dt | null
  contradicts: boolean
}

/** Reads the raw files of the symbol's days around that have actions; empty for any other dataset. */
export async function actionStory(node: Node, { dataset, spec, symbol, dt }: Cell): Promise<string[]> {
  if (spec.expected_rows !== 'events') return []
  const [from, to] = [addDays(dt, -MOST_DAYS_MOVED), addDays(dt, MOST_DAYS_MOVED)]
  const accepted = (await listAccepted(node.db, dataset, from, to)).filter((one) => one.symbol === symbol)
  if (accepted.length === 0) return []
  const days = new Set(accepted.map((one) => `${one.vendor} ${one.dt}`))
  const years = [...new Set(accepted.map((one) => one.dt.slice(0, 4)))].sort()
  const all = await Promise.all(years.map((year) => rawFilesOf(node.lake.root, dataset, year)))
  const files = all.flat().filter((file) => {
    const parts = rawFileParts(node.lake.root, file)
    return parts !== null && days.has(`${parts.vendor} ${parts.dt}`)
  })
  if (files.length === 0) return []
  const column = actionColumns(spec.columns)
  const versions = accepted.map((one) => [one.vendor, one.symbol, one.dt] as const)
  try {
    return await withStatementRows(node.lake, spec, files, versions, async (statements) => {
      const gone = await node.lake.duck.all<GoneStatement & Record<string, unknown>>(goneSql(statements, spec))
      const standing = await node.lake.duck.all<Standing & Record<string, unknown>>(
        `SELECT kind, cash_ AS cash, ${column('old_shares')} AS old_shares, ${column('new_shares')} AS new_shares, sources, seen, contradicts
         FROM (${mergedSql(statements, spec.columns)}) WHERE dt = DATE ${sqlText(dt)} ORDER BY kind, sources`,
      )
      return [
        ...standing.map((action) => standingText(action, dt, gone)),
        ...gone.filter((one) => one.dt === dt).map(goneText),
      ]
    })
  } catch (error) {
    if (error instanceof UnreadableFiles) return [error.message]
    throw error
  }
}

function standingText(action: Standing, dt: Dt, gone: readonly GoneStatement[]): string {
  const { sources, seen, contradicts } = action
  const seenText = seen === null ? '' : seen > dt ? `, first seen ${seen}, after its day` : `, first seen ${seen}`
  const moved = gone.filter((one) => one.moved_to === dt && one.kind === action.kind && isSource(sources, one))
  const movedText = moved.map((one) => `; ${one.vendor} stated it for ${one.dt} before`).join('')
  const doubt = contradicts
    ? '; another statement of the day contradicts it, so neither is in the adjustment factors'
    : ''
  return `${termsText(action)}, stated as ${sources.replaceAll(',', ' and ')}${seenText}${movedText}${doubt}.`
}

const isSource = (sources: string, { vendor }: GoneStatement): boolean =>
  sources.split(',').some((source) => source.startsWith(`${vendor}:`))

function goneText(statement: GoneStatement): string {
  const { vendor, id, first_seen, withdrawn, moved_to } = statement
  const seen = first_seen === null ? '' : `, first seen ${first_seen}`
  const since = withdrawn === null ? '' : ` as of ${withdrawn}`
  const what = `${termsText(statement)}, stated as ${vendor}:${id}${seen}`
  return moved_to === null
    ? `${what}: withdrawn, because a complete answer of ${vendor}${since} no longer had it. The raw file keeps it.`
    : `${what}: moved, ${vendor} states it for ${moved_to} now.`
}

function termsText({ kind, cash, old_shares, new_shares }: Terms): string {
  const size =
    cash !== null ? ` of ${cash}` : old_shares !== null && new_shares !== null ? ` ${new_shares}:${old_shares}` : ''
  return `${kind.replaceAll('_', ' ')}${size}`
}
