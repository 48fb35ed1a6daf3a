/** What `npm run backup` may be told. */
import { parseArgs } from 'node:util'
import { z } from 'zod'

const Options = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).optional(),
  'accept-new': z.boolean().default(false),
  json: z.boolean().default(false),
})

export interface Options {
  /** The backup folder; null: BACKUP_ROOT. */
  to: string | null
  url: string | null
  acceptNew: boolean
  json: boolean
}

export const USAGE = `npm run backup -- [TO] [--accept-new] [--url URL] [--json]
TO is a folder on another disk; left out, BACKUP_ROOT. While a node runs on DATA_ROOT, that node is asked.
--accept-new begins a new backup in an empty folder where there was one before. Exit code 0: the backup is made. 1: it is not.
2: it is made, but some files were damaged already, or it lies on the disk of the data.`

/** Throws an Error that names each option that cannot be used. */
export function readOptions(argv: readonly string[]): Options {
  let given: ReturnType<typeof parseArgs>
  try {
    given = parseArgs({
      args: [...argv],
      options: { url: { type: 'string' }, 'accept-new': { type: 'boolean' }, json: { type: 'boolean' } },
      allowPositionals: true,
    })
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${USAGE}`)
  }
  const [to = null, ...others] = given.positionals
  const parsed = Options.safeParse({ ...given.values })
  if (!parsed.success || others.length > 0) {
    const faults = parsed.error?.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`) ?? []
    throw new Error(`${[...faults, ...(others.length > 0 ? ['expected one folder'] : [])].join('\n')}\n${USAGE}`)
  }
  const { url = null, json } = parsed.data
  return { to, url, acceptNew: parsed.data['accept-new'], json }
}
