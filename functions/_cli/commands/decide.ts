/** `data-node hold` and `data-node release`: a person decides about cells that QC judges, with a reason. */
import { type Command, UsageError } from '../command.ts'

interface Refused {
  dt: string
  why: string
}

const command = (name: 'hold' | 'release', summary: string, reason: string): Command => ({
  name,
  summary,
  operands: '<dataset> <symbol> <day>',
  options: [
    ['--to <day>', 'the last day, where more than one is meant'],
    ['--reason <text>', 'why; `why` shows it'],
    ['--undo', 'take back what was decided: QC alone judges these cells again'],
  ],
  example: `equities_bars AAPL 2025-07-02 --reason '${reason}'`,
  async run({ node }, [dataset, symbol, dt], { to, reason: said, undo }) {
    if (typeof said !== 'string') throw new UsageError(`--reason is missing: ${name} wants a sentence that says why`)
    const more = { ...(to === undefined ? {} : { to }), ...(undo === true ? { undo } : {}) }
    const body = await node.post(`/${name}`, { dataset, symbol, dt, reason: said, ...more })
    const refused = (body.refused ?? []) as Refused[]
    return {
      body,
      lines: [
        `decided: ${body.decided}; unchanged: ${body.unchanged}. The next QC applies it.`,
        ...refused.map(({ dt: day, why }) => `  ${day} not: ${why}`),
      ],
      exitCode: refused.length === 0 ? 0 : 1,
    }
  },
})

export const hold = command(
  'hold',
  'keeps a cell out of bundles, until it is taken back',
  'the tape says something else',
)
export const release = command('release', 'lets a cell that QC holds into bundles', 'a real crash')
