/** Checks a vendor's answer: returns the body as a checked value, or reports what did not fit. */
import type { z } from 'zod'
import { type HttpAnswer, VendorError } from './vendor.ts'

const SAMPLE_LENGTH = 500

/** The value of a JSON body, or undefined where the body is no JSON. Never throws, never quotes the body. */
export function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** The start of something that did not fit, for a person to read. */
export const sampleOf = (value: unknown): string =>
  (typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))).slice(0, SAMPLE_LENGTH)

/** Where a value first differs from its schema, as `bars.AAPL: expected array, received object`. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  if (issue === undefined) return 'the value as a whole'
  return `${issue.path.length === 0 ? 'the body' : issue.path.join('.')}: ${issue.message}`
}

/** The parsed body, or a VendorError `malformed` that names the first field that differs and carries a sample. */
export function readJson<T>(answer: HttpAnswer, schema: z.ZodType<T>, vendor: string): T | VendorError {
  const value = jsonOf(answer.body)
  if (value === undefined) {
    const message = `${vendor} answered ${answer.body.length} characters that are no whole JSON value; expected JSON`
    return new VendorError(vendor, 'malformed', message, { status: answer.status, sample: sampleOf(answer.body) })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const message = `${vendor} answered JSON of another shape than documented, at ${firstIssue(parsed.error)}`
  return new VendorError(vendor, 'malformed', message, { status: answer.status, sample: sampleOf(answer.body) })
}
