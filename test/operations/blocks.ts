/** The shell commands that a document gives a person, and those it names as not to be run by a script. */

export interface DocumentedCommand {
  command: string
  /** Why the script does not run it; null where it does. */
  notRun: string | null
}

const MARKER = /^<!-- not run by the script: `([^`]+)`, because (.+) -->$/

/** Commands of all `sh` blocks under one heading, its subheadings left out. Throws for a heading without commands and for a marker without its command. */
export function commandsUnder(document: string, heading: string): DocumentedCommand[] {
  const found: DocumentedCommand[] = []
  let isUnder = false
  let isBlock = false
  let markers: { start: string; because: string; isUsed: boolean }[] = []
  for (const line of document.split('\n')) {
    if (isBlock && line === '```') {
      isBlock = false
      const idle = markers.find(({ isUsed }) => !isUsed)
      if (idle)
        throw new Error(`${heading}: no command of the block begins with "${idle.start}"; correct the marker above it`)
      markers = []
    } else if (isBlock) {
      if (line.trim() === '' || line.startsWith('#')) continue
      const marker = markers.find(({ start }) => line.startsWith(start))
      if (marker) marker.isUsed = true
      found.push({ command: line, notRun: marker?.because ?? null })
    } else if (line.startsWith('#')) isUnder = line.replace(/^#+ /, '') === heading
    else if (isUnder && line === '```sh') isBlock = true
    else if (isUnder) {
      const [, start, because] = MARKER.exec(line) ?? []
      if (start !== undefined && because !== undefined) markers.push({ start, because, isUsed: false })
    }
  }
  if (found.length === 0) throw new Error(`no shell commands under the heading "${heading}"; correct the heading`)
  return found
}
