/** Looks for canaries in everything a node left behind: files, unpacked ones too, tables, Parquet values, texts. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { closeLake, openLake } from '../../functions/_lake/lake.ts'

/**
 * Keys with characters that change in a URL, in JSON, in HTML and in base64. FRED takes nothing but 32 small letters and digits; the
 * others take whatever fits into a header.
 */
export const CANARIES = {
  alpaca: { id: 'CNRYID+alpha/"8f3QzJ"=%41&A', secret: 'cnrySEC/ret+"zQ7wKx\\x2b"==%2B<&>' },
  massive: 'CnryMass+ive/"pL9vTd\\u002f"=%2F&=',
  fred: 'cnryfred0a1b2c3d4e5f6g7h8i9j0k1l',
}

export const KEYS = [CANARIES.alpaca.id, CANARIES.alpaca.secret, CANARIES.massive, CANARIES.fred]

/** Pieces that survive every spelling but base64, so that half a key is found as well. */
const PIECES = ['CNRYID', '8f3QzJ', 'cnrySEC', 'zQ7wKx', 'CnryMass', 'pL9vTd', 'cnryfred', '5f6g7h8i']

/** What base64 makes of a text behind none, one or two other bytes, without the letters that depend on its neighbours. */
const inBase64 = (text: string): string[] =>
  [0, 1, 2].map((before) => {
    const bytes = Buffer.from(text)
    const whole = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    return whole.slice(Math.ceil((before * 4) / 3), Math.floor(((before + bytes.length) * 4) / 3))
  })

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

/** A key as it may come back: by the name of the spelling. */
export function spellingsOf(key: string): Record<string, string> {
  const [whole = '', second = '', third = ''] = inBase64(key)
  const url = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_')
  return {
    raw: key,
    percent: encodeURIComponent(key),
    percentTwice: encodeURIComponent(encodeURIComponent(key)),
    percentSmall: encodeURIComponent(key).replace(/%../g, (code) => code.toLowerCase()),
    json: inJson(key),
    jsonTwice: inJson(inJson(key)),
    unicode: key.replace(/[^a-zA-Z0-9]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
    base64: whole,
    base64Second: second,
    base64Third: third,
    base64url: url(whole),
    base64urlSecond: url(second),
    base64urlThird: url(third),
  }
}

const NEEDLES = new Map<string, string>([
  ...KEYS.flatMap((key) => Object.entries(spellingsOf(key)).map(([how, text]) => [text, `${how} of ${key}`] as const)),
  ...PIECES.map((piece) => [piece, `the piece ${piece}`] as const),
])

/** What of the canaries stands in a text. Letters are compared whatever their case, for base64 it counts. */
export function canariesIn(text: string): string[] {
  const small = text.toLowerCase()
  return [...NEEDLES]
    .filter(([needle, what]) =>
      what.startsWith('base64') ? text.includes(needle) : small.includes(needle.toLowerCase()),
    )
    .map(([, what]) => what)
}

export interface Searched {
  /** Every place that holds a canary, and which. */
  hits: string[]
  /** How many files of each kind were looked into. */
  files: { all: number; gzip: number; parquet: number; database: number }
  /** Packed and Parquet files in which a key stood and was taken out. */
  redacted: { gzip: number; parquet: number }
}

const PLACEHOLDER = '[secret]'

/** Looks into every file below a folder: its bytes, what is inside when it is packed, and every value when it is Parquet. */
export async function searchBelow(root: string): Promise<Searched> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const files = { all: 0, gzip: 0, parquet: 0, database: 0 }
  const searched: Searched = { hits: [], files, redacted: { gzip: 0, parquet: 0 } }
  const look = (where: string, text: string): void => {
    for (const what of canariesIn(text)) searched.hits.push(`${where}: ${what}`)
  }
  const parquet: string[] = []
  for (const path of paths) {
    const bytes = await readFile(path)
    searched.files.all++
    look(path, `${path} ${bytes.toString('latin1')}`)
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
      searched.files.gzip++
      const unpacked = gunzipSync(bytes).toString()
      if (unpacked.includes(PLACEHOLDER)) searched.redacted.gzip++
      look(`inside ${path}`, unpacked)
      // Kept pages are one object; compressed manifests are lines, which were looked through as they are.
      if (!path.endsWith('.jsonl.gz'))
        look(`the body inside ${path}`, String((JSON.parse(unpacked) as { body?: string }).body))
    }
    if (path.endsWith('.parquet')) parquet.push(path)
    if (/\.db(-wal)?$/.test(path)) searched.files.database++
  }
  const lake = openLake({ root: join(root, 'reader'), exportRoot: join(root, 'reader') })
  try {
    for (const path of parquet) {
      const rows = await lake.duck.all(
        `SELECT COLUMNS(*)::VARCHAR FROM read_parquet('${path}', hive_partitioning = false)`,
      )
      const values = rows.flatMap((row) => Object.values(row)).join('\n')
      searched.files.parquet++
      if (values.includes(PLACEHOLDER)) searched.redacted.parquet++
      look(`values of ${path}`, values)
    }
  } finally {
    await closeLake(lake)
  }
  return searched
}

/** Every value of every table, as text; by table. */
export async function tablesOf(db: Db): Promise<Map<string, string>> {
  const tables = await db.all<{ name: string }>(sql`SELECT name FROM sqlite_master WHERE type = 'table'`)
  const texts = new Map<string, string>()
  for (const { name } of tables) {
    const rows = await db.all<Record<string, unknown>>(sql.raw(`SELECT * FROM "${name}"`))
    texts.set(name, rows.flatMap((row) => Object.values(row).map(String)).join('\n'))
  }
  return texts
}
