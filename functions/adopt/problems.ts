/** What a tree of an older node can hold that is not taken over: the closed list, counted in full, shown in part. */

/** Why something in the tree was left alone. */
export const PROBLEMS = [
  /** A folder of a vendor or a dataset that is not configured here. */
  'unknown_vendor',
  'unknown_dataset',
  /** A file or folder that no layout has. */
  'unexpected',
  /** A file this node could not read and has put aside. */
  'set_aside',
  /** A symbolic link: what it points to may be anywhere. */
  'symlink',
  /** A file of no bytes. */
  'empty',
  /** Torn, damaged, or no Parquet file. */
  'unreadable',
  /** A folder that names no symbol, or none that the dataset has. */
  'symbol',
  /** No trading day, one that no calendar vouches for, or one that is not over. */
  'day',
  /** A column is missing, or holds something that cannot be it. */
  'columns',
  /** Stamps that carry no zone, and nothing that tells which is meant: say it with the option `zone`. */
  'zone',
  /** A whole file, and no row in it. */
  'no_rows',
  /** Rows of another day, symbol, vendor or feed than their place says, or values that are none. */
  'values',
  /** The name alone does not tell which symbols the file holds. */
  'needs_footers',
] as const
export type ProblemKind = (typeof PROBLEMS)[number]

/** One thing left alone. `path` is relative to the root of the data. */
export interface Problem {
  kind: ProblemKind
  path: string
  what: string
}

const SHOWN = 50

/** Problems of a call: every one is counted by its kind, the first fifty are kept. */
export interface ProblemList {
  shown: { path: string; what: string }[]
  counts: Partial<Record<ProblemKind, number>>
}

export function note(list: ProblemList, { kind, path, what }: Problem): void {
  list.counts[kind] = (list.counts[kind] ?? 0) + 1
  if (list.shown.length < SHOWN) list.shown.push({ path, what })
}
