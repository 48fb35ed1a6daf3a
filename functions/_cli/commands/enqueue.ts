/** `data-node enqueue`: queues a range by hand, however many calls that takes. */
import { type Command, type OptionValues, UsageError } from '../command.ts'
import { countsText, untilIdle } from '../repeat.ts'

export const enqueue: Command = {
  name: 'enqueue',
  operands: '<dataset> <symbols> <from> <to>',
  summary: 'queues a range, or moves it forward; symbols are all, or AAPL,MSFT',
  options: [
    ['--priority <number>', 'from -1000 to 1000, 50 unless given'],
    ['--lane <lane>', 'today or backfill'],
    ['--vendor <name>', 'ask only this vendor, once'],
    ['--again', 'also cells that are present or explained'],
  ],
  example: 'equities_bars all 2025-06-30 2025-07-08',
  async run(context, [dataset = '', symbols = '', from = '', to = ''], options) {
    const body = {
      dataset,
      symbols: symbols === 'all' ? symbols : symbols.split(','),
      from,
      to,
      ...chosen(options, ['lane', 'vendor']),
      ...(options.again ? { again: true } : {}),
      ...(options.priority === undefined ? {} : { priority: wholeNumber('--priority', options.priority) }),
    }
    const answer = await untilIdle(context, 'enqueue', body)
    return { body: answer, lines: [`${dataset}: ${countsText(answer)}`] }
  },
}

/** The options of these names that were given. */
export const chosen = (options: OptionValues, names: readonly string[]): OptionValues =>
  Object.fromEntries(names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])))

export function wholeNumber(flag: string, text: string | boolean): number {
  if (typeof text === 'string' && /^-?\d+$/.test(text)) return Number(text)
  throw new UsageError(`expected a whole number after ${flag}, got ${text}`)
}
