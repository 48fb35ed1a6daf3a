/** `data-node notify --test`: has the node send a test message, and shows what the receiver answered. */
import { type Command, UsageError } from '../command.ts'
import { wrap } from '../screen.ts'

export const notify: Command = {
  name: 'notify',
  summary: 'sends a test message to the webhook of the node',
  options: [['--test', 'send a test message now']],
  example: '--test',
  async run({ node, paint, width }, _, { test }) {
    if (test !== true) throw new UsageError('--test is missing: a test message is all that can be sent by hand')
    const body = await node.post('/notify', { test })
    const isTaken = body.delivered === true
    const sign = isTaken ? paint('green', '✓') : paint('red', '✗')
    const took = isTaken ? 'took the test message' : 'did not take the test message'
    return {
      body,
      lines: [wrap(`${sign} ${body.address} ${took}, as ${body.format} (${body.answer})`, width, '  ')],
      exitCode: isTaken ? 0 : 1,
    }
  },
}
