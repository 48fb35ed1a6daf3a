/** Bundles made by hand, and the node's own map of functions over them on a port of this machine. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type Agent, type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { lastAck } from '../../db/acks/last-ack.ts'
import { openDb } from '../../db/client.ts'
import { migrateDb } from '../../db/migrate.ts'
import type { Tokens } from '../../functions/_http/auth.ts'
import type { Node } from '../../functions/_http/node.ts'
import { sha256 } from '../../functions/_lake/digest.ts'
import { bundleFolder } from '../../functions/_lake/paths.ts'
import { addressOf, listen } from '../../functions/_runtime/listen.ts'
import { createApp } from '../../functions/index.ts'

export type Files = Record<string, string | Buffer>

export const README = 'README.md'
export const BARS = 'curated/equities_bars/year=2024/data.parquet'

/** Writes the folder of a bundle as an export leaves it, though its files may hold anything. Returns the digest. */
export async function writeBundle(
  folder: string,
  asof: string,
  files: Files,
  more: Record<string, unknown> = {},
): Promise<string> {
  const listed = Object.entries(files).map(([path, content]) => ({
    path,
    bytes: Buffer.byteLength(content),
    sha256: sha256(content),
    ...(path.startsWith('curated/') ? { rows: 1 } : {}),
  }))
  const manifest = { format: 1, asof, generated_at: '2024-07-06T04:00:00.000Z', complete: true, files: listed, ...more }
  const all: Files = { ...files, 'MANIFEST.json': `${JSON.stringify(manifest, null, 1)}\n` }
  const sums = Object.entries(all)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, content]) => `${sha256(content)}  ${path}\n`)
    .join('')
  for (const [path, content] of Object.entries({ ...all, SHA256SUMS: sums })) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return sha256(sums)
}

/** The evening of a session: the newest closed one is its own. */
export const NOW = Date.parse('2024-07-05T20:30:00-04:00')

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface ExportsServer {
  exportRoot: string
  address: string
  /** Writes the bundle of a day. Returns its digest. */
  bundle(asof: string, files: Files, more?: Record<string, unknown>): Promise<string>
  /** Sends the path as it stands: `fetch` would put it right first. */
  ask(path: string, headers?: Record<string, string>, method?: string): Promise<Answer>
  json(path: string, headers?: Record<string, string>): Promise<Record<string, unknown>>
  /** The newest acknowledgement. */
  lastAck(): ReturnType<typeof lastAck>
  close(): Promise<void>
}

/** Only bundles are served: what else a node has is not there. */
export async function exportsServer(
  tokens: Tokens = { full: null, read: null },
  given?: { exportRoot: string },
): Promise<ExportsServer> {
  const home = await mkdtemp(join(tmpdir(), 'exports-'))
  const exportRoot = given?.exportRoot ?? join(home, 'exports')
  await mkdir(exportRoot, { recursive: true })
  const db = await openDb(join(home, 'node.db'))
  await migrateDb(db, 'migrations')
  const node = {
    db,
    exportRoot,
    now: () => NOW,
    log: () => undefined,
    disk: { noteFailure: () => undefined },
    gate: { objection: async () => null },
  }
  const server = await listen(createApp(node as unknown as Node, tokens).fetch, { host: '127.0.0.1', port: 0 })
  const address = addressOf(server, '127.0.0.1')
  const ask: ExportsServer['ask'] = (path, headers, method) => askRaw(address, path, headers, method)
  return {
    exportRoot,
    address,
    bundle: (asof, files, more) => writeBundle(bundleFolder(exportRoot, asof), asof, files, more),
    ask,
    json: async (path, headers) => JSON.parse((await ask(path, headers)).body.toString('utf8')),
    lastAck: () => lastAck(db),
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      db.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

export function askRaw(
  address: string,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
  agent?: Agent,
): Promise<Answer> {
  const { hostname, port } = new URL(address)
  return new Promise((done, fail) => {
    const sent = request({ hostname, port, path, headers, method, ...(agent ? { agent } : {}) }, (answer) => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.on('error', fail)
      answer.on('end', () =>
        done({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) }),
      )
    })
    sent.on('error', fail)
    sent.end()
  })
}
