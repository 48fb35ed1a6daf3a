/** Keeps secrets out of everything that is kept or shown: messages, samples, bodies. */

const SAMPLE_LENGTH = 500
/** Far more than a sample holds, so that a secret that straddles the cut is still seen whole. */
const SAMPLE_REACH = 65_536
/** A shorter value is a placeholder, and replacing it inside data could change the data. */
const SHORTEST_REAL_SECRET = 8

export interface Scrubber {
  /** For messages, samples and headers: every secret, however short, becomes `[secret]`. */
  text(text: string): string
  /** For a body that is about to be parsed: only values long enough to be real keys are replaced. */
  body(body: string): string
  /** The first 500 characters of a body, scrubbed before they are cut. */
  sample(body: string): string
}

/** Replaces each secret in the spellings it can come back in: as it is, percent-encoded, and escaped inside JSON. */
export function scrubberOf(secrets: readonly string[]): Scrubber {
  const spellings = [
    ...new Set(
      secrets.flatMap((secret) => [
        secret,
        encodeURIComponent(secret),
        new URLSearchParams([['', secret]]).toString().slice(1),
        JSON.stringify(secret).slice(1, -1),
      ]),
    ),
  ]
    .filter((spelling) => spelling !== '')
    // A secret that contains another one goes first, or its remainder would stay readable.
    .sort((a, b) => b.length - a.length)
  const real = spellings.filter((spelling) => spelling.length >= SHORTEST_REAL_SECRET)
  const replaceAll = (text: string, values: readonly string[]): string =>
    values.reduce((scrubbed, value) => scrubbed.replaceAll(value, '[secret]'), text)
  const without = (raw: string, values: readonly string[]): string => {
    const replaced = replaceAll(raw, values)
    if (!replaced.includes('\\')) return replaced
    // JSON has more spellings of one text than anybody lists: where the plain one shows a secret, the plain one is kept.
    const plain = unescaped(replaced)
    return values.some((value) => plain.includes(value)) ? replaceAll(plain, values) : replaced
  }
  const text = (raw: string): string => without(raw, spellings)
  return {
    text,
    body: (body) => without(body, real),
    sample: (body) => text(body.slice(0, SAMPLE_REACH)).slice(0, SAMPLE_LENGTH),
  }
}

/** The same JSON with `\/` and the escapes of printable ASCII written plainly; quotes and backslashes stay escaped, so it still parses alike. */
const unescaped = (json: string): string =>
  json.replace(/\\(?:\\|\/|u00([2-7][0-9a-f]))/gi, (found, hex: string | undefined) => {
    if (found === '\\/') return '/'
    const char = hex === undefined ? '' : String.fromCharCode(Number.parseInt(hex, 16))
    return char === '' || char === '"' || char === '\\' || char === '\x7f' ? found : char
  })
