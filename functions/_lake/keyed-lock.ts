/** Work on one key runs one at a time, in the order asked; work on different keys does not wait. */

const tails = new Map<string, Promise<unknown>>()

/** Runs `work` after everything asked before under the same key has ended, whether it failed or not. */
export function withLock<T>(key: string, work: () => Promise<T>): Promise<T> {
  const turn = (tails.get(key) ?? Promise.resolve()).then(work)
  const tail = turn
    .catch(() => undefined)
    .then(() => {
      if (tails.get(key) === tail) tails.delete(key)
    })
  tails.set(key, tail)
  return turn
}
