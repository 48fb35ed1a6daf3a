/** Addresses of receivers: whoever knows one may send there, so only scheme and host are ever shown. */

export const shownAddress = (address: string): string => `${new URL(address).origin}/…`

/** Shorter parts are words such as `services`, which logs may hold for other reasons. */
const SHORTEST_PART = 16
/** What a receiver sends back is looked through for shorter parts as well: a topic is a secret, too. */
const SHORTEST_WORD = 4

/** What of an address must not stand in any log: the whole, and its long parts. */
export const secretsOf = (address: string): string[] => [
  ...wholeOf(address),
  ...partsOf(address).filter(({ length }) => length >= SHORTEST_PART),
]

/** What of an address must not stand in what its receiver sent back. */
export const wordsOf = (address: string): string[] => [
  ...wholeOf(address),
  ...partsOf(address).filter(({ length }) => length >= SHORTEST_WORD),
]

function wholeOf(address: string): string[] {
  const { host, pathname, search, href } = new URL(address)
  const rest = `${pathname}${search}`
  return rest === '/' ? [] : [address, href, `${host}${rest}`]
}

function partsOf(address: string): string[] {
  const { pathname, searchParams, username, password } = new URL(address)
  return [...pathname.split('/'), ...searchParams.values(), username, password]
    .flatMap((part) => [part, decoded(part)])
    .filter((part) => part !== '')
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
