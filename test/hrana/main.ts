/** `main FILE PORT`: the server as a process of its own, until it is killed. Every tenth exchange finds the database locked. */
import { startHrana } from './server.ts'

const [file = '', port = '0'] = process.argv.slice(2)
const server = await startHrana({
  file,
  port: Number(port),
  fault: (exchange) => (exchange % 10 === 9 ? 'busy' : null),
})
process.stdout.write(`${server.port}\n`)
