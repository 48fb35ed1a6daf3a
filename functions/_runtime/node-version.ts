/**
 * The oldest Node.js this program runs on. Looked at before anything else is loaded: an older one would fail on a file of a library, in words that
 * say nothing. So this file uses only what every Node.js with modules has.
 */

/** As in `engines` of package.json. */
export const OLDEST_NODE = '20.19'

/** One sentence when a version, such as `18.20.4`, is too old; null when it will do. */
export function nodeVersionFault(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE.split('.').map(Number)
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return null
  return `data node needs Node.js ${OLDEST_NODE} or newer, this is ${version}: see "Node.js" in README.md for how to get it`
}

/** Ends the process with that sentence when Node.js is too old. */
export function requireNodeVersion(): void {
  const fault = nodeVersionFault(process.versions.node)
  if (fault === null) return
  process.stderr.write(`${fault}\n`)
  process.exit(1)
}
