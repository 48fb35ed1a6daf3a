/** The maximum of a small linear program, by the simplex method on a dense tableau. */

export interface Constraint {
  /** One for each variable. */
  weights: readonly number[]
  /** Σ weights·x is at most this; not negative. */
  most: number
}

const NOTHING = 1e-9

/** The most that Σ gains·x can be for x ≥ 0 under the constraints. Throws where there is no bound. */
export function mostOf(gains: readonly number[], constraints: readonly Constraint[]): number {
  const slack = (of: number): number[] => constraints.map((_, at) => (at === of ? 1 : 0))
  const rows = constraints.map(({ weights, most }, at) => [...weights, ...slack(at), most])
  const goal = [...gains.map((gain) => -gain), ...slack(-1), 0]
  const last = goal.length - 1
  for (;;) {
    // Bland's rule: the first column that helps and, among equals, the first row; it cannot go round in circles.
    const column = goal.findIndex((value, at) => at < last && value < -NOTHING)
    if (column === -1) return goal[last]!
    let pivot: number[] | undefined
    for (const row of rows) {
      if (row[column]! <= NOTHING) continue
      if (pivot === undefined || row[last]! / row[column]! < pivot[last]! / pivot[column]!) pivot = row
    }
    if (pivot === undefined) throw new Error('expected a bound on every variable, found one that may grow for ever')
    const by = pivot[column]!
    for (let at = 0; at <= last; at++) pivot[at]! /= by
    for (const row of [...rows, goal]) {
      const times = row[column]!
      if (row === pivot || times === 0) continue
      for (let at = 0; at <= last; at++) row[at]! -= times * pivot[at]!
    }
  }
}
