/**
 * One part of the pull benchmark as a process of its own. `serve ROOT`: the node's own routes over an export root. `peer ROOT`: a bare server of Node.js that
 * pipes files. `fetch URL [DIR]`: a bare client that takes every file of a bundle, and with DIR hashes and writes it too. `client …`: the pull client.
 */
import { createHash } from 'node:crypto'
import { createReadStream, readFileSync, writeSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Agent, createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

const PARALLEL = 4

/** Of this program alone: what the system calls the maximum begins with that of the process which started it. */
const peakMegabytes = (): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? Number.NaN) / 1024
const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
const say = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`)

async function serve(exportRoot: string): Promise<void> {
  // The other parts must not load the node: their time and memory are measured.
  const { exportsServer } = await import('../exports/small-bundle.ts')
  const { address } = await exportsServer({ full: null, read: null }, { exportRoot })
  process.on('message', () => process.send?.({ megabytes: peakMegabytes(), cpuSeconds: cpuSeconds() }))
  process.send?.({ address })
}

async function servePlainly(exportRoot: string): Promise<void> {
  const server = createServer((request, response) => {
    const path = join(exportRoot, request.url ?? '')
    stat(path).then(
      ({ size }) => {
        response.setHeader('Content-Length', size)
        createReadStream(path).pipe(response)
      },
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  process.send?.({ address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL })
const ask = (url: string): Promise<IncomingMessage> =>
  new Promise((done, fail) => {
    get(url, { agent }, (answer) =>
      answer.statusCode === 200 ? done(answer) : fail(new Error(`${url}: ${answer.statusCode}`)),
    ).on('error', fail)
  })

async function fetchAll(url: string, dir: string | undefined): Promise<void> {
  let sums = ''
  for await (const piece of await ask(`${url}SHA256SUMS`)) sums += piece
  const paths = sums
    .trim()
    .split('\n')
    .map((line) => line.slice(66))
  let bytes = 0
  let next = 0
  const worker = async (): Promise<void> => {
    for (let at = next++; at < paths.length; at = next++) {
      const answer = await ask(url + paths[at])
      if (dir === undefined) for await (const piece of answer) bytes += (piece as Buffer).length
      else bytes += await writeHashed(answer, join(dir, String(at)))
    }
  }
  const begun = performance.now()
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  agent.destroy()
  say({ seconds: (performance.now() - begun) / 1_000, bytes })
}

async function writeHashed(answer: IncomingMessage, path: string): Promise<number> {
  const handle = await open(path, 'w')
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of answer as AsyncIterable<Buffer>) {
    await handle.write(piece)
    hash.update(piece)
    bytes += piece.length
  }
  hash.digest('hex')
  await handle.sync()
  await handle.close()
  return bytes
}

async function runClient(): Promise<void> {
  process.argv.splice(2, 1)
  process.on('exit', () => writeSync(2, `peak ${peakMegabytes()}\n`))
  await import('../../functions/pull/client/main.ts')
}

const [mode = '', ...args] = process.argv.slice(2)
switch (mode) {
  case 'serve':
    await serve(args[0] ?? '')
    break
  case 'peer':
    await servePlainly(args[0] ?? '')
    break
  case 'fetch':
    await fetchAll(args[0] ?? '', args[1])
    break
  case 'client':
    await runClient()
    break
  default:
    throw new Error(`expected serve, peer, fetch or client, got ${mode}`)
}
