/** GET /status: what the node has, what it waits for, what its vendors may still spend. */
import type { Context } from 'hono'
import { callsSpent } from '../../db/budgets/take-calls.ts'
import { listCircuits } from '../../db/circuits/circuits.ts'
import { countCoverage } from '../../db/coverage/count-coverage.ts'
import { listExports } from '../../db/exports/exports.ts'
import { countTasks } from '../../db/gap-tasks/count-tasks.ts'
import { countWork } from '../../db/partitions/partitions.ts'
import { listScores } from '../../db/vendor-scores/scores.ts'
import { asofAt } from '../_expected/expected.ts'
import type { Node } from '../_runtime/node.ts'

export const status =
  (node: Node) =>
  async (c: Context): Promise<Response> => {
    const now = node.now()
    const circuits = await listCircuits(node.db)
    const scores = await listScores(node.db)
    const vendors = []
    for (const { name, config, missing } of node.seats) {
      const spent = await callsSpent(node.db, name, now)
      const circuit = circuits.find((row) => row.vendor === name)
      vendors.push({
        vendor: name,
        ready: missing.length === 0,
        ...(missing.length > 0 ? { missing: `set ${missing.join(', ')} in the environment` } : {}),
        datasets: Object.keys(config.datasets),
        callsThisMinute: spent.minute,
        callsPerMinute: config.calls_per_minute,
        callsToday: spent.day,
        callsPerDay: config.calls_per_day,
        ...(circuit && circuit.blockedUntil > now
          ? { blockedUntil: new Date(circuit.blockedUntil).toISOString(), why: circuit.why }
          : {}),
        learned: scores.filter((row) => row.vendor === name),
      })
    }
    return c.json({
      ok: true,
      version: node.version,
      now: new Date(now).toISOString(),
      asof: asofAt(now),
      coverage: await countCoverage(node.db),
      tasks: await countTasks(node.db),
      partitions: await countWork(node.db),
      vendors,
      exports: await listExports(node.db),
    })
  }
