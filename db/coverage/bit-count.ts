/** The days of a mask, counted in SQL. */

/** SQLite has no bit count: the five-step one, over the 31 bits of a month. `mask` is written out some ten times. */
export const bitCount = (mask: string): string => {
  const pairs = `(${mask} - ((${mask} >> 1) & 0x55555555))`
  const nibbles = `((${pairs} & 0x33333333) + ((${pairs} >> 2) & 0x33333333))`
  return `(((((${nibbles} + (${nibbles} >> 4)) & 0x0f0f0f0f) * 0x01010101) >> 24) & 0xff)`
}
