/** What `npm run demo` may be told. */
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { DatasetName, SymbolText } from '../../functions/_market/cell.ts'
import { DtText } from '../../functions/_market/dt.ts'

const list = <Item extends z.ZodType<string, string>>(item: Item) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(item).min(1))

const Options = z.strictObject({
  root: z.string().min(1).default('./demo-root'),
  asof: DtText.optional(),
  from: DtText.optional(),
  symbols: list(SymbolText).optional(),
  universe: z.string().min(1).optional(),
  datasets: list(DatasetName).optional(),
  'alpaca-data': z.string().min(1).optional(),
  'massive-data': z.string().min(1).optional(),
  'fred-data': z.string().min(1).optional(),
  'options-data': z.string().min(1).optional(),
  kill: list(z.enum(['alpaca', 'massive', 'fred'])).optional(),
  plan: z.enum(['basic', 'open']).optional(),
  seed: z.coerce.number({ error: 'expected a whole number' }).int().min(0).default(1),
  port: z.coerce.number({ error: 'expected a port number' }).int().min(0).max(65_535).default(0),
  serve: z.boolean().default(false),
  json: z.boolean().default(false),
})

export type Options = z.output<typeof Options>

export const USAGE = `npm run demo -- [--root DIR] [--asof D] [--from D] [--symbols A,B] [--universe FILE] [--datasets a,b]
  [--alpaca-data DIR] [--massive-data DIR] [--fred-data DIR] [--options-data DIR] [--kill vendor,…] [--plan basic|open] [--seed N] [--port N] [--serve] [--json]`

/** Throws an Error that names each option that cannot be used. */
export function readOptions(argv: readonly string[]): Options {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  let values: Record<string, unknown>
  try {
    values = parseArgs({
      args: [...argv],
      options: {
        root: text,
        asof: text,
        from: text,
        symbols: text,
        universe: text,
        datasets: text,
        'alpaca-data': text,
        'massive-data': text,
        'fred-data': text,
        'options-data': text,
        kill: text,
        plan: text,
        seed: text,
        port: text,
        serve: flag,
        json: flag,
      },
    }).values
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${USAGE}`)
  }
  const parsed = Options.safeParse({ ...values })
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`)
    throw new Error(`${faults.join('\n')}\n${USAGE}`)
  }
  return parsed.data
}
