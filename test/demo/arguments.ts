/** Reads the arguments of a command: one line says what cannot be used, and where help is. */
import { parseArgs } from 'node:util'
import { z } from 'zod'

/** An option that cannot be used: one sentence, for whoever typed it. */
export class OptionError extends Error {}

/** The arguments of `npm run <command>` by a schema with one field an option, flags being booleans. Null: help is wanted. Throws an OptionError. */
export function readArguments<Schema extends z.ZodObject>(
  command: string,
  schema: Schema,
  argv: readonly string[],
): z.output<Schema> | null {
  const hint = `\`npm run ${command} -- --help\` lists the options`
  const values = valuesOf(schema, argv, hint)
  if (values.help) return null
  const parsed = schema.safeParse(values)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => `--${issue.path[0]?.toString()}: ${issue.message}`)
  throw new OptionError(`${faults.join('; ')}; ${hint}`)
}

function valuesOf(schema: z.ZodObject, argv: readonly string[], hint: string): Record<string, unknown> {
  const isFlag = (field: unknown): boolean =>
    field instanceof z.ZodDefault && field.def.innerType instanceof z.ZodBoolean
  const options = Object.fromEntries(
    Object.entries(schema.shape).map(([name, field]) => [
      name,
      { type: isFlag(field) ? 'boolean' : 'string' } as const,
    ]),
  )
  try {
    return { ...parseArgs({ args: [...argv], options: { ...options, help: { type: 'boolean', short: 'h' } } }).values }
  } catch (error) {
    // What follows the first sentence is advice to programmers.
    const [sentence = ''] = (error instanceof Error ? error.message : String(error)).split(/[.\n](?:\s|$)/)
    throw new OptionError(`${sentence}; ${hint}`)
  }
}
