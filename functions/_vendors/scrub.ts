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
  const text = (raw: string): string => replaceAll(raw, spellings)
  return {
    text,
    body: (body) => replaceAll(body, real),
    sample: (body) => text(body.slice(0, SAMPLE_REACH)).slice(0, SAMPLE_LENGTH),
  }
}
