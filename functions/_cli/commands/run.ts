/** `data-node run`: begins a chain of the schedule for now, and returns at once. */
import type { Command } from '../command.ts'
import { instantText } from '../table.ts'

export const run: Command = {
  name: 'run',
  operands: '<chain>',
  summary: 'begins a chain of the schedule now, such as night',
  example: 'night',
  async run({ node }, [chain = '']) {
    const body = await node.post(`/run/${encodeURIComponent(chain)}`, {})
    const how = body.alreadyRunning === true ? 'runs already, since' : 'has begun, for'
    return {
      body,
      lines: [`${chain} ${how} ${instantText(body.scheduledAt)}; \`data-node status\` shows its step`],
    }
  },
}
