/** An order that a text decides: the same for the same text, another one for the next. Pure. */
import { sha256 } from '../_lake/digest.ts'

export const inOrderOf = <T>(text: string, items: readonly T[], nameOf: (item: T) => string): T[] =>
  items
    .map((item) => ({ item, at: sha256(`${text} ${nameOf(item)}`) }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ item }) => item)
