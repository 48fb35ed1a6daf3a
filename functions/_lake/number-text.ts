/** Numbers as JSON writes them, straight into bytes: most are prices of few decimals, and making a text of each costs several times as much. */

/** No number takes more bytes. */
export const MOST_DIGITS = 25

const SCALE = 1e6
/** What is below it has at most 15 digits once scaled, and no two decimals of 15 digits are the same double: the one found is the shortest. */
const MOST_SCALED = 1e9
const [ZERO, POINT] = [0x30, 0x2e]

/** Writes a finite number, -0 as 0, and answers where it ends. */
export function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  if (value >= 0 && value < MOST_SCALED) {
    const scaled = Math.round(value * SCALE)
    if (scaled / SCALE === value) return writeScaled(bytes, at, scaled)
  } else if (value > 0 && Number.isSafeInteger(value)) {
    return writeWhole(bytes, at, value)
  }
  return writeText(bytes, at, `${value}`)
}

function writeScaled(bytes: Uint8Array, start: number, scaled: number): number {
  const whole = Math.floor(scaled / SCALE)
  let at = writeWhole(bytes, start, whole)
  let decimals = scaled - whole * SCALE
  if (decimals === 0) return at
  bytes[at++] = POINT
  let digits = 6
  for (; decimals % 10 === 0; digits--) decimals /= 10
  return writeDigits(bytes, at, decimals, digits)
}

function writeWhole(bytes: Uint8Array, at: number, value: number): number {
  if (value < 1e9) return writeDigits(bytes, at, value, digitsOf(value))
  const upper = Math.floor(value / 1e9)
  return writeDigits(bytes, writeWhole(bytes, at, upper), value - upper * 1e9, 9)
}

function digitsOf(value: number): number {
  let digits = 1
  for (let power = 10; power <= value; power *= 10) digits++
  return digits
}

/** So many digits of a whole number below 1e9, with zeros in front. */
function writeDigits(bytes: Uint8Array, at: number, value: number, digits: number): number {
  // Whole numbers of 32 bits are divided several times faster than doubles.
  let left = value | 0
  for (let i = at + digits - 1; i >= at; i--) {
    const rest = (left / 10) | 0
    bytes[i] = ZERO + left - 10 * rest
    left = rest
  }
  return at + digits
}

function writeText(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i)
  return at + text.length
}
