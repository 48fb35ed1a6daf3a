/** Alpaca refuses a whole batch for one name it cannot spell, and names that one: it is left out and the rest is asked again. */
import { VendorError } from '../vendor.ts'
import { VENDOR } from './parse.ts'

/**
 * Asks for `names`, at most once more for each name that is dropped on the way. `ask` answers with the error that stopped it,
 * `drop` is told which name was refused before the rest is asked again. The error that no dropping cures, else null.
 */
export async function askWithoutPoison(
  names: readonly string[],
  ask: (names: readonly string[]) => Promise<VendorError | null>,
  drop: (name: string, error: VendorError) => void,
): Promise<VendorError | null> {
  let left = names
  while (left.length > 0) {
    const stopped = await ask(left)
    const poison = stopped === null ? undefined : poisonOf(stopped, left)
    if (stopped === null || poison === undefined) return stopped
    drop(poison, refused(stopped, poison))
    left = left.filter((name) => name !== poison)
  }
  return null
}

/**
 * The name for which a whole batch was refused: 400 `invalid symbol: X` names only the first bad one. Undefined when the
 * error is another, or names one that was not asked for.
 */
function poisonOf(error: VendorError, names: readonly string[]): string | undefined {
  if (error.status !== 400 && error.status !== 422) return undefined
  const named = /invalid symbol:\s*"?([^\s"),]+)/i.exec(error.message)?.[1]
  return names.find((name) => name === named?.toUpperCase())
}

const refused = (error: VendorError, name: string): VendorError =>
  new VendorError(VENDOR, 'not_entitled', `${VENDOR} does not know the spelling ${name}: ${error.message}`, {
    status: error.status,
    sample: error.sample,
  })
