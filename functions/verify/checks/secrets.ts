/** I9: no key of the environment stands in a text that the node wrote. */
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { codeOf } from '../../_lake/disk.ts'
import { gzipMembers } from '../../_lake/gzip-members.ts'
import { bundleFolder, manifestRoot, stateFile } from '../../_lake/paths.ts'
import type { Check, VerifyContext } from '../check.ts'

type Kind = 'secret-in-file' | 'secrets-unknown'

export const check: Check<Kind, VerifyContext> = {
  id: 'secrets',
  about: 'keys of the environment in manifests, state and the texts of bundles',
  mode: 'deep',
  needsDb: false,
  kinds: {
    'secret-in-file': {
      invariant: 'I9',
      severity: 'error',
      means: 'a key of the environment stands in a file',
      todo: 'Have the vendor replace the key, then delete the file or the text.',
    },
    'secrets-unknown': {
      invariant: 'I9',
      severity: 'info',
      means: 'no key is set in the environment of this run, so none was searched for',
      todo: 'Run verify with the environment of the node.',
    },
  },
  places: async () => ['bundles', 'manifests', 'state'],
  async look(context, place, report) {
    if (context.secrets.length === 0) {
      if (place === 'state') report('secrets-unknown', place, 'keys in the environment', 'none')
      return 0
    }
    const { root, exportRoot } = context.lake
    const folder = { bundles: dirname(bundleFolder(exportRoot, '2000-01-01')), manifests: manifestRoot(root) }[place]
    // Columns of Parquet are compressed: a text search says nothing about them.
    const files = (await filesBelow(folder ?? dirname(stateFile(root)))).filter((path) => !path.endsWith('.parquet'))
    for (const file of files) {
      if (await holdsSecret(file, context.secrets))
        report('secret-in-file', relative(place === 'bundles' ? exportRoot : root, file), 'no key', 'one of the keys')
    }
    return files.length
  },
}

async function filesBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Compressed manifests as the text they stand for. */
async function* textsOf(file: string): AsyncGenerator<Buffer> {
  if (file.endsWith('.jsonl.gz')) for await (const { bytes } of gzipMembers(file)) yield bytes
  else for await (const chunk of createReadStream(file)) yield chunk as Buffer
}

/** Chunk by chunk, each with the end of the one before: a key may lie across. */
async function holdsSecret(file: string, secrets: readonly string[]): Promise<boolean> {
  const wanted = secrets.map((secret) => Buffer.from(secret))
  const longest = Math.max(...wanted.map(({ length }) => length))
  let tail: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of textsOf(file)) {
      const text = Buffer.concat([tail, chunk])
      if (wanted.some((secret) => text.includes(secret))) return true
      tail = text.subarray(Math.max(0, text.length - longest + 1))
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
  return false
}
