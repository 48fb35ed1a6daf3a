/** One measured figure of a benchmark, against what it is held to. */
export interface BenchRow {
  name: string
  value: number
  unit: string
  /** The bound or the peer measured in the same run, in the same unit; null where the target is absolute. */
  reference: number | null
  /** value / reference, null without one. */
  ratio: number | null
  /** What value (or ratio, where there is a reference) may be at most; null where the figure is only shown. */
  target: number | null
  ok: boolean
}

/** A figure with an absolute bound, or without any. */
export const figure = (name: string, value: number, unit: string, most: number | null = null): BenchRow => ({
  name,
  value,
  unit,
  reference: null,
  ratio: null,
  target: most,
  ok: most === null || value <= most,
})

/** A figure against a reference: at most so many times it. */
export function ratioTo(name: string, value: number, reference: number, unit: string, most: number): BenchRow {
  const ratio = value / reference
  return { name, value, unit, reference, ratio, target: most, ok: ratio <= most }
}

const number = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 1 ? value.toFixed(2) : value.toFixed(4)

/** The rows as a table for people. */
export const tableOf = (rows: readonly BenchRow[]): string =>
  rows
    .map(({ name, value, unit, reference, ratio, target, ok }) => {
      const against = reference === null ? '' : `  ${ratio?.toFixed(2)} x ${number(reference)} ${unit}`
      const bound = target === null ? '' : `  (at most ${number(target)}${reference === null ? ` ${unit}` : ' x'})`
      return `${ok ? '  ' : '! '}${name.padEnd(58)} ${number(value).padStart(9)} ${unit}${against}${bound}`
    })
    .join('\n')
