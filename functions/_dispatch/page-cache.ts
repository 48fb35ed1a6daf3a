/**
 * Pages a vendor has served of a plan that is not answered to the end: kept, so that a plan of more calls than a budget holds goes on
 * where it ended instead of paying for its first pages again and again. They are no data: losing one costs a call.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { z } from 'zod'
import { sha256 } from '../_lake/digest.ts'
import { namesIn } from '../_lake/disk.ts'
import { pageCacheFolder } from '../_lake/paths.ts'
import { tempBeside } from '../_lake/temp-names.ts'
import type { Get, HttpAnswer } from '../_vendors/vendor.ts'

/** Older pages may differ from what the vendor would say now. */
const KEPT_MS = 24 * 60 * 60_000
/** A page that unpacks to more than any answer may hold is not one of ours. */
const MOST_BYTES = 80 * 1024 * 1024

const Page = z.object({ at: z.number(), contentType: z.string(), body: z.string() })

export interface PageCache {
  /** Serves what is kept, asks for the rest and keeps it. Only 200s are kept; headers, which no page needs, are not. */
  cached(get: Get): Get
  /** Removes every page that was served through `cached`: the plan is answered, and asking again must mean asking. */
  forget(): Promise<void>
  /** Epoch ms at which the oldest page was kept that came from here instead of the vendor; null when none did. */
  oldest(): number | null
}

/** The kept pages of one vendor under a lake's root. Bodies come scrubbed of secrets (http.ts), and queries hold none. */
export function pageCache(root: string, vendor: string, now: () => number): PageCache {
  const used = new Set<string>()
  let oldest: number | null = null
  return {
    cached: (get) => async (request) => {
      const path = join(pageCacheFolder(root), vendor, `${sha256(canonical(request))}.json.gz`)
      used.add(path)
      const kept = await readPage(path, now())
      if (kept !== null) {
        oldest = Math.min(kept.at, oldest ?? kept.at)
        return kept.answer
      }
      const answer = await get(request)
      if (answer.status === 200) await writePage(path, answer, now())
      return answer
    },
    async forget() {
      for (const path of used) await rm(path, { force: true })
    },
    oldest: () => oldest,
  }
}

/** Removes pages nobody came back for. Returns how many. */
export async function sweepPageCache(root: string, now: number): Promise<number> {
  let removed = 0
  for (const name of await namesIn(pageCacheFolder(root), { recursive: true })) {
    const path = join(pageCacheFolder(root), name)
    if (!path.endsWith('.json.gz') || (await readPage(path, now)) !== null) continue
    await rm(path, { force: true })
    removed += 1
  }
  return removed
}

const canonical = ({ path, query, host, url }: Parameters<Get>[0]): string =>
  JSON.stringify([host ?? 'data', url ?? path, Object.entries(query).sort(([a], [b]) => (a < b ? -1 : 1))])

/** Null for a page that is not there, too old, torn, or from a future that a clock has left. */
async function readPage(path: string, now: number): Promise<{ at: number; answer: HttpAnswer } | null> {
  try {
    const text = await promisify(gunzip)(await readFile(path), { maxOutputLength: MOST_BYTES })
    const page = Page.parse(JSON.parse(text.toString('utf8')))
    if (page.at > now || page.at < now - KEPT_MS) return null
    const { at, contentType, body } = page
    return { at, answer: { status: 200, contentType, headers: {}, body, isCached: true } }
  } catch {
    return null
  }
}

/** Whole or not at all; not synced, because a page that a power cut takes is asked for again. */
async function writePage(path: string, { contentType, body }: HttpAnswer, now: number): Promise<void> {
  const bytes = await promisify(gzip)(JSON.stringify({ at: now, contentType, body } satisfies z.infer<typeof Page>))
  await mkdir(dirname(path), { recursive: true })
  const temp = tempBeside(path)
  await writeFile(temp, bytes)
  await rename(temp, path)
}
