/** Bytes as a person reads them. */

const UNITS = ['kB', 'MB', 'GB', 'TB'] as const

export function sizeText(bytes: number): string {
  let value = bytes / 1e3
  let unit = 0
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000
    unit++
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`
}
