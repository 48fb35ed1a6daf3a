/** What the proof of a finished bundle says. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { codeOf } from '../_lake/disk.ts'
import { MANIFEST, SUMS } from '../_lake/finished-bundles.ts'
import { bundleFolder } from '../_lake/paths.ts'
import { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { VerifyContext } from './check.ts'

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** The part of a bundle's manifest that is verified. */
const BundleManifest = z.object({
  asof: z.string(),
  /** False where the bundle names cells that it lacks. */
  complete: z.boolean().optional(),
  unchecked: z.array(z.object({ dataset: z.string(), partition: z.string() })).optional(),
  files: z.array(
    z.object({
      path: z.string(),
      bytes: z.int(),
      sha256: Sha256,
      rows: z.int().optional(),
      dataset: DatasetName.optional(),
      partition: z.string().optional(),
    }),
  ),
})
export type BundleManifest = z.infer<typeof BundleManifest>

/** Null when there is none that can be read. */
export async function bundleManifest({ lake }: VerifyContext, asof: Dt): Promise<BundleManifest | null> {
  const text = await textOf(join(bundleFolder(lake.exportRoot, asof), MANIFEST))
  try {
    return text === null ? null : (BundleManifest.safeParse(JSON.parse(text)).data ?? null)
  } catch {
    return null
  }
}

/** sha256 by path, as SHA256SUMS has them; null when there is no such file. A line that is none of its format has no path. */
export async function bundleSums({ lake }: VerifyContext, asof: Dt): Promise<Map<string, string> | null> {
  const text = await textOf(join(bundleFolder(lake.exportRoot, asof), SUMS))
  if (text === null) return null
  return new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const found = /^([0-9a-f]{64}) [ *](.+)$/.exec(line)
      return found?.[1] && found[2] ? [[found[2], found[1]]] : []
    }),
  )
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
    throw error
  }
}
