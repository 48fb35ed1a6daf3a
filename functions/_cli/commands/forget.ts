/** `data-node forget`: what would be removed of cells that nobody expects, and with --yes its removal. */
import type { Command } from '../command.ts'
import { countsText, untilIdle } from '../repeat.ts'
import { chosen } from './enqueue.ts'

export const forget: Command = {
  name: 'forget',
  summary: 'counts what is kept of cells that nobody expects any more; with --yes removes it',
  options: [
    ['--dataset <name>', 'only this dataset'],
    ['--symbol <symbol>', 'only this symbol'],
    ['--before <day>', 'only days before it'],
    ['--after <day>', 'only days after it'],
    ['--yes', 'remove it: without this nothing is changed'],
  ],
  example: '--dataset equities_bars --symbol ATVI',
  async run(context, _operands, options) {
    const fields = chosen(options, ['dataset', 'symbol', 'before', 'after'])
    const answer = await untilIdle(context, 'forget', { ...fields, dryRun: options.yes !== true })
    const { dryRun: isDry, refused } = answer
    return {
      body: answer,
      lines: [
        `${isDry ? 'would remove' : 'removed'}: ${countsText(answer)}`,
        ...(refused === undefined
          ? []
          : [`  refused: ${typeof refused === 'string' ? refused : JSON.stringify(refused)}`]),
        ...(isDry ? ['  add --yes to remove it'] : []),
      ],
    }
  },
}
