/** Symbols as folder names: one reversible encoding that every disk can hold and every Hive-style reader decodes. */

/** Names that Windows gives to devices, with or without an extension. */
const DEVICE = /^(?:CON|PRN|AUX|NUL|COM\d|LPT\d)(?=\.|$)/
const LONGEST = 200

/**
 * The folder name of a symbol. Capitals, digits, `-` and inner dots stay; every other byte of its UTF-8 is written `%XX`, as Hive
 * partitions are, so Spark and DuckDB read `symbol=%43ON` back as CON. Small letters are encoded too: two symbols never meet
 * on a case-blind disk. Throws for text that is empty, not well-formed or too long for a file name.
 */
export const encodeSymbol = (symbol: string): string => encoded(symbol, DEVICE.test(symbol))

function encoded(symbol: string, isDevice: boolean): string {
  // A lone surrogate has no UTF-8: it would become U+FFFD and collide.
  if (symbol === '' || /\p{Surrogate}/u.test(symbol)) {
    throw new Error(`expected a symbol that can name a folder, got ${JSON.stringify(symbol)}`)
  }
  const bytes = Buffer.from(symbol, 'utf8')
  let name = ''
  bytes.forEach((byte, at) => {
    const char = String.fromCharCode(byte)
    const outerDot = char === '.' && (at === 0 || at === bytes.length - 1)
    const plain = /[A-Z0-9.-]/.test(char) && !outerDot && !(isDevice && at === 0)
    name += plain ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  })
  if (name.length > LONGEST) {
    throw new Error(
      `expected a symbol of at most ${LONGEST} encoded characters, got ${name.length}: ${symbol.slice(0, 40)}…`,
    )
  }
  return name
}

/**
 * The symbol of a folder name. A device's name is taken plain as well (`symbol=CON`): older nodes on Linux wrote it so. Throws for any other name that
 * `encodeSymbol` does not write.
 */
export function decodeSymbol(name: string): string {
  let symbol: string
  try {
    symbol = decodeURIComponent(name)
  } catch {
    throw new Error(`expected an encoded symbol, got ${JSON.stringify(name)}`)
  }
  if (symbol === '' || !folderNames(symbol).includes(name)) {
    throw new Error(
      `expected an encoded symbol, got ${JSON.stringify(name)}: it would be written ${symbol && encodeSymbol(symbol)}`,
    )
  }
  return symbol
}

/** The folder names a symbol may have, the one that we write first. */
export const folderNames = (symbol: string): string[] =>
  DEVICE.test(symbol) ? [encodeSymbol(symbol), encoded(symbol, false)] : [encodeSymbol(symbol)]
