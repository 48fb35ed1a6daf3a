/** Keeps the most recently used values, by weight, and forgets the others. */

export class BoundedCache<V> {
  private readonly kept = new Map<string, V>()
  private readonly limit: number
  private readonly weigh: (value: V) => number
  private weight = 0

  constructor(limit: number, weigh: (value: V) => number) {
    this.limit = limit
    this.weigh = weigh
  }

  /** The value of a key, made when it is not kept. Nothing is kept of a `make` that throws. */
  get(key: string, make: () => V): V {
    const found = this.kept.get(key)
    if (found !== undefined) {
      this.kept.delete(key)
      this.kept.set(key, found)
      return found
    }
    const value = make()
    this.kept.set(key, value)
    this.weight += this.weigh(value)
    for (const [oldest, old] of this.kept) {
      if (this.weight <= this.limit || oldest === key) break
      this.kept.delete(oldest)
      this.weight -= this.weigh(old)
    }
    return value
  }
}
