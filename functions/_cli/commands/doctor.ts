/** `data-node doctor`: whether machine, configuration and node are all right, and what to do where they are not. */
import type { Command, CommandContext } from '../command.ts'
import { wrap } from '../screen.ts'

export interface DoctorFinding {
  check: string
  level: 'ok' | 'info' | 'warning' | 'error'
  what: string
  todo?: string
}

/** What the node says of itself; null where none answers. */
export type NodeHealth = { reasons: { code: string; sentence: string; isDown: boolean }[] } | null

const SIGNS = { ok: ['green', '✓'], info: ['dim', 'i'], warning: ['yellow', '!'], error: ['red', '✗'] } as const
const CHECK_WIDTH = 15

/** Exit code 0: all is well; 1: warnings; 2: errors. */
export const doctorWith = (diagnose: (health: NodeHealth) => Promise<DoctorFinding[]>): Command => ({
  name: 'doctor',
  summary: 'looks at machine, keys, disk, configuration and node, and says what to do',
  example: '',
  async run(context) {
    const findings = await diagnose(await healthOf(context))
    const count = (level: DoctorFinding['level']): number => findings.filter((one) => one.level === level).length
    const [errors, warnings] = [count('error'), count('warning')]
    return {
      body: { ok: errors === 0, errors, warnings, findings },
      lines: [
        ...findings.flatMap((finding) => linesOf(finding, context)),
        errors + warnings === 0 ? 'All is well.' : `${errors} errors, ${warnings} warnings.`,
      ],
      exitCode: errors > 0 ? 2 : warnings > 0 ? 1 : 0,
    }
  },
})

async function healthOf({ node }: CommandContext): Promise<NodeHealth> {
  try {
    const { reasons } = await node.health()
    return Array.isArray(reasons) ? { reasons } : null
  } catch {
    return null
  }
}

function linesOf({ check, level, what, todo }: DoctorFinding, { paint, width }: CommandContext): string[] {
  const [style, sign] = SIGNS[level]
  const indent = ' '.repeat(CHECK_WIDTH + 5)
  // Colours take no room: the text is broken before it is painted.
  const [first = '', ...rest] = wrap(`  ${sign} ${check.padEnd(CHECK_WIDTH)} ${what}`, width, indent).split('\n')
  const advice = todo === undefined ? [] : wrap(`${indent}→ ${todo}`, width, `${indent}  `).split('\n')
  return [first.replace(sign, paint(style, sign)), ...rest, ...advice]
}
