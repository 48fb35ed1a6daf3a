/** `data-node adopt`: takes over the raw files of an older node where they lie, to the last. */
import type { Command } from '../command.ts'
import { countsText, untilIdle } from '../repeat.ts'
import { chosen, wholeNumber } from './enqueue.ts'

const PROBLEMS_SHOWN = 20

export const adopt: Command = {
  name: 'adopt',
  summary: 'takes over raw files of an older node where they lie',
  options: [
    ['--verify <how>', 'names, footers (unless given) or rows: how closely files are read'],
    ['--vendor <name>', 'only this vendor'],
    ['--dataset <name>', 'only this dataset'],
    ['--limit-files <count>', 'files a call'],
    ['--restart', 'walk again from the beginning'],
  ],
  example: '--verify names',
  async run(context, _operands, options) {
    const { limitFiles, restart } = options
    const answer = await untilIdle(context, 'adopt', {
      ...chosen(options, ['verify', 'vendor', 'dataset']),
      ...(limitFiles === undefined ? {} : { limitFiles: wholeNumber('--limit-files', limitFiles) }),
      ...(restart ? { restart: true } : {}),
    })
    const problems = (answer.problems as unknown[] | undefined) ?? []
    return {
      body: answer,
      lines: [
        `adopt: ${countsText(answer)}`,
        ...problems.slice(0, PROBLEMS_SHOWN).map((one) => `  ${typeof one === 'string' ? one : JSON.stringify(one)}`),
      ],
      exitCode: Object.keys((answer.problemCounts as object | undefined) ?? {}).length === 0 ? 0 : 1,
    }
  },
}
