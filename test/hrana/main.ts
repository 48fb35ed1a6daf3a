/**
 * `main FILE PORT`: the server as a process of its own, until it is killed. Every tenth exchange finds the database locked, but no exchange
 * twice in succession: idle workers ask in step, so one that tries again could meet the tenth turn each time.
 */
import { startHrana } from './server.ts'

const [file = '', port = '0'] = process.argv.slice(2)
const refused = new Set<string>()

/** Forgets a body once it has come again, so the set holds no more than the workers have under way. */
function isRefused(exchange: number, body: string): boolean {
  if (refused.delete(body) || exchange % 10 !== 9) return false
  refused.add(body)
  return true
}

const server = await startHrana({
  file,
  port: Number(port),
  fault: (exchange, body) => (isRefused(exchange, body) ? 'busy' : null),
})
process.stdout.write(`${server.port}\n`)
