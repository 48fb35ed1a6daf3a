/** The known word that a mistyped one most likely stands for. */

/** The nearest of the known words, by edit distance; null where none is near enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | null {
  const typed = word.toLowerCase()
  const most = Math.max(1, Math.floor(typed.length / 3))
  let best: { name: string; distance: number } | null = null
  for (const name of known) {
    const distance = editDistance(typed, name.toLowerCase())
    if (distance <= most && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) best = { name, distance }
  }
  return best?.name ?? null
}

/** Letters inserted, deleted, replaced, or swapped with the next one. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? rows[i - 2]![j - 2]! + 1 : Number.POSITIVE_INFINITY
      row.push(Math.min(replaced, swapped, rows[i - 1]![j]! + 1, row[j - 1]! + 1))
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}
