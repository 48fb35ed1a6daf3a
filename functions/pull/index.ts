/** GET /pull.mjs: the pull client as one file, for a training box that has Node.js and nothing of ours. */
import { access } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Context } from 'hono'
import { RequestError } from '../_http/handler.ts'
import { sha256 } from '../_lake/digest.ts'
import { joinModules } from './join-modules.ts'

export interface PullClient {
  text: string
  sha256: string
}

let joined: Promise<PullClient | null> | undefined

/** Null where nothing is compiled. Read once: what a running node serves stays the same. */
export function pullClient(): Promise<PullClient | null> {
  joined ??= compiledFolder().then(async (folder) => {
    if (folder === null) return null
    const text = await joinModules(folder)
    return { text, sha256: sha256(text) }
  })
  return joined
}

/** Beside this file when it is compiled itself; else where `npm run build` leaves it. */
async function compiledFolder(): Promise<string | null> {
  const here = dirname(fileURLToPath(import.meta.url))
  for (const folder of [join(here, 'client'), join(here, '../../dist/functions/pull/client')]) {
    const isThere = await access(join(folder, 'main.js')).then(
      () => true,
      () => false,
    )
    if (isThere) return folder
  }
  return null
}

export async function showPullClient(c: Context): Promise<Response> {
  const client = await pullClient()
  if (client === null) throw new RequestError(404, 'the pull client is not compiled here: npm run build')
  c.header('Content-Type', 'text/javascript; charset=utf-8')
  c.header('ETag', `"${client.sha256}"`)
  return c.body(client.text)
}
