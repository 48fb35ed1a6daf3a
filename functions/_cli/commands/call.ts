/** `data-node call`: any function of the node by its name, once or until it is idle. */
import { type Command, UsageError } from '../command.ts'
import { countsText, untilIdle } from '../repeat.ts'
import { wrap } from '../screen.ts'

export const call: Command = {
  name: 'call',
  operands: '<function> [json]',
  summary: 'calls a function of the node, such as audit or export, with a JSON body',
  options: [['--until-idle', 'call again while the function says that there is more']],
  example: `audit '{}' --until-idle`,
  async run(context, [name = '', text = '{}'], options) {
    const body = bodyOf(text)
    const path = name.replace(/^\//, '')
    const answer = options.untilIdle ? await untilIdle(context, path, body) : await context.node.post(`/${path}`, body)
    const { more, nextAt, left } = answer
    const notes = [
      ...(typeof left === 'string' ? [`  left: ${left}`] : []),
      ...(more === true ? [`  there is more: add --until-idle`] : []),
      ...(typeof nextAt === 'string' ? [`  worth another call at ${nextAt}`] : []),
    ]
    return {
      body: answer,
      lines: [`${path}: ${countsText(answer)}`, ...notes].map((line) => wrap(line, context.width, '    ')),
      exitCode: answer.ok === false || typeof left === 'string' ? 1 : 0,
    }
  },
}

function bodyOf(text: string): object {
  try {
    const found: unknown = JSON.parse(text)
    if (typeof found === 'object' && found !== null && !Array.isArray(found)) return found
  } catch {
    // Said below.
  }
  throw new UsageError(`expected a JSON object such as '{"dryRun":true}', got ${text}`)
}
