/** What `npm run demo` may be told. */
import { z } from 'zod'
import { DatasetName, SymbolText } from '../../functions/_market/cell.ts'
import { DtText } from '../../functions/_market/dt.ts'
import { readArguments } from './arguments.ts'

const list = <Item extends z.ZodType<string, string>>(item: Item) =>
  z
    .string()
    .transform((text) => [...new Set(text.split(',').map((part) => part.trim()))])
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

export const USAGE = `npm run demo -- [options]

Plays the first night of a node against a simulated lab of three vendors.
It needs no keys and no network. Run it again to go on, or to change nothing.

  --root DIR          where everything goes (./demo-root)
  --seed N            another market, other holes (1)
  --symbols A,B       only these symbols (all of the universe)
  --datasets a,b      only these datasets (all that have data)
  --asof D            the evening to play (2025-07-08)
  --from D            the first day expected, for every dataset
  --universe FILE     a file like config/universe.yaml
  --alpaca-data DIR   bars that Alpaca serves, in place of invented ones
  --massive-data DIR  bars that Massive serves
  --fred-data DIR     Treasury yields that FRED serves
  --options-data DIR  option bars that Alpaca and Massive serve
  --kill a,b          vendors that are dead from the first call on
  --plan basic|open   with or without the walls of the free plans (basic)
  --port N            the port of the node (any free one)
  --serve             keep the node running afterwards
  --json              the last line of stdout is one JSON object
  --help              this text

docs/demo.md tells more.`

/** Throws an OptionError of one line that names each option that cannot be used. Null: help is wanted. */
export const readOptions = (argv: readonly string[]): Options | null => readArguments('demo', Options, argv)
