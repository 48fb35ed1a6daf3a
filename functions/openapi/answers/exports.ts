/** The finished bundles, and one of them. */
import { z } from 'zod'
import { DayText, InstantText } from './ending.ts'

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const bundle = {
  asof: DayText,
  digest: Sha256.describe('sha256 of SHA256SUMS'),
  generatedAt: InstantText,
  complete: z.boolean(),
  previous: DayText.nullable(),
  files: z.int(),
  bytes: z.int(),
  rows: z.int().describe('rows of data'),
}

const ListedFile = z.object({
  path: z.string(),
  bytes: z.int(),
  sha256: Sha256,
  rows: z.int().optional().describe('of data files only'),
})

export const Exports = z.object({
  ok: z.literal(true),
  asof: DayText.describe('the newest closed session'),
  latest: DayText.nullable(),
  client: z.object({ path: z.string(), sha256: Sha256 }).nullable().describe('the pull client'),
  bundles: z.array(z.object({ ...bundle, isLatest: z.boolean() })),
})

/** Its files, or with `since` what differs from an earlier bundle. */
export const Bundle = z.union([
  z.object({ ok: z.literal(true), ...bundle, listed: z.array(ListedFile) }),
  z.object({
    ok: z.literal(true),
    ...bundle,
    since: DayText,
    added: z.array(ListedFile),
    changed: z.array(ListedFile),
    removed: z.array(z.string()),
  }),
])
