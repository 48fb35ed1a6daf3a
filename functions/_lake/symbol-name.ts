/** Symbols as folder names: one reversible encoding that every disk can hold and every Hive-style reader decodes. */

/** Names that Windows gives to devices, with or without an extension. */
const DEVICE = /^(?:CON|PRN|AUX|NUL|COM\d|LPT\d)(?=\.|$)/
const LONGEST = 200

/**
 * The folder name of a symbol. Capitals, digits, `-` and inner dots stay; every other byte of its UTF-8 is written `%XX`, as Hive
 * partitions are, so Spark and DuckDB read `symbol=%43ON` back as CON. Small letters are encoded too: two symbols never meet
 * on a case-blind disk. Throws for text that is empty, not well-formed or too long for a file name.
 */
export function encodeSymbol(symbol: string): string {
  // A lone surrogate has no UTF-8: it would become U+FFFD and collide.
  if (symbol === '' || /\p{Surrogate}/u.test(symbol)) {
    throw new Error(`expected a symbol that can name a folder, got ${JSON.stringify(symbol)}`)
  }
  const bytes = Buffer.from(symbol, 'utf8')
  const device = DEVICE.test(symbol)
  let name = ''
  bytes.forEach((byte, at) => {
    const char = String.fromCharCode(byte)
    const outerDot = char === '.' && (at === 0 || at === bytes.length - 1)
    const plain = /[A-Z0-9.-]/.test(char) && !outerDot && !(device && at === 0)
    name += plain ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  })
  if (name.length > LONGEST) {
    throw new Error(
      `expected a symbol of at most ${LONGEST} encoded characters, got ${name.length}: ${symbol.slice(0, 40)}…`,
    )
  }
  return name
}

/** The symbol of a folder name. Throws for a name that `encodeSymbol` does not write. */
export function decodeSymbol(name: string): string {
  let symbol: string
  try {
    symbol = decodeURIComponent(name)
  } catch {
    throw new Error(`expected an encoded symbol, got ${JSON.stringify(name)}`)
  }
  if (symbol === '' || encodeSymbol(symbol) !== name) {
    throw new Error(
      `expected an encoded symbol, got ${JSON.stringify(name)}: it would be written ${symbol && encodeSymbol(symbol)}`,
    )
  }
  return symbol
}
