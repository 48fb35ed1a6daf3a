/** A folder that pulls from a server of bundles, and a connection between them that can be cut. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readPullOptions } from '../../../functions/pull/client/options.ts'
import { type PullProgress, showProgress } from '../../../functions/pull/client/progress.ts'
import { type PullResult, type PullTerms, pull } from '../../../functions/pull/client/pull.ts'

export interface PullFolder {
  dir: string
  notes: string[]
  /** Pulls; pauses take no time. */
  pull(from: string, ...more: string[]): Promise<PullResult>
  pullWith(terms: Partial<PullTerms>, from: string, ...more: string[]): Promise<PullResult>
  read(path: string): Promise<string>
  remove(): Promise<void>
}

export async function pullFolder(token = ''): Promise<PullFolder> {
  const home = await mkdtemp(join(tmpdir(), 'pull-'))
  const dir = join(home, 'bundles')
  const notes: string[] = []
  const pullWith: PullFolder['pullWith'] = async (terms, from, ...more) => {
    const options = await readPullOptions(['--from', from, '--to', dir, ...more], { DATA_NODE_READ_TOKEN: token })
    if (options === null) throw new Error('expected options, got a wish for help')
    let elapsed = 0
    return pull({
      options,
      progress: noted(notes),
      signal: new AbortController().signal,
      elapsed: () => elapsed,
      sleep: async (ms) => {
        elapsed += ms
        await new Promise((done) => setImmediate(done))
      },
      ...terms,
    })
  }
  return {
    dir,
    notes,
    pullWith,
    pull: (from, ...more) => pullWith({}, from, ...more),
    read: (path) => readFile(join(dir, path), 'utf8'),
    remove: () => rm(home, { recursive: true, force: true }),
  }
}

const noted = (notes: string[]): PullProgress =>
  showProgress({ isTerminal: false, isQuiet: false, elapsed: () => 0, write: (text) => void notes.push(text) })

export interface Wire {
  address: string
  /** Bytes that the server sent through here. */
  bytes(): number
  /** Cuts every connection once it has carried so many bytes from the server, each new one too; null lets all through. */
  cutAfter(next: (() => number) | null): void
  /** Each connection from now on stands still once it has carried so many bytes from the server. */
  holdAfter(bytes: number): void
  /** Connections that were cut. */
  cuts(): number
  close(): Promise<void>
}

/** A proxy for bytes in front of a server. */
export async function wireTo(address: string): Promise<Wire> {
  const { hostname, port } = new URL(address)
  const sockets = new Set<Socket>()
  let carried = 0
  let cut = 0
  let limit: (() => number) | null = null
  let holds = false
  const server = createServer((client) => {
    const behind = connect(Number(port), hostname)
    const most = limit === null ? Number.POSITIVE_INFINITY : limit()
    let own = 0
    let isOver = false
    const end = (): void => {
      client.destroy()
      behind.destroy()
    }
    for (const socket of [client, behind]) {
      sockets.add(socket)
      socket.on('error', end)
      socket.on('close', () => {
        sockets.delete(socket)
        end()
      })
    }
    client.pipe(behind)
    behind.on('data', (piece: Buffer) => {
      if (isOver) return
      const part = piece.subarray(0, Math.max(0, most - own))
      own += part.length
      carried += part.length
      if (part.length < piece.length && holds) {
        client.write(part)
        behind.pause()
      } else if (part.length < piece.length) {
        isOver = true
        cut += 1
        // What was carried arrives; only what follows is lost.
        client.end(part, () => behind.destroy())
        behind.pause()
      } else if (!client.write(part)) {
        behind.pause()
        client.once('drain', () => behind.resume())
      }
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytes: () => carried,
    cutAfter: (next) => {
      holds = false
      limit = next
    },
    holdAfter: (bytes) => {
      holds = true
      limit = () => bytes
    },
    cuts: () => cut,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}
