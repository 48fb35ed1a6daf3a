/** Calling a function until it says that there is no more, with a sum of what its calls counted. */
import type { CommandContext } from './command.ts'
import type { Answer } from './node-client.ts'

/** Fields by which a function says where the next call goes on. */
const CONTINUATIONS = ['after', 'cursor'] as const

/** Of a run that goes on for days, nobody wants to see every call. */
const MEASURE_EVERY = 10

/** Counts are summed; any other field is that of the last answer. `left`: how much there is still to do, where it can be known. */
export async function untilIdle(
  { node, progress }: Pick<CommandContext, 'node' | 'progress'>,
  name: string,
  body: object,
  left: () => Promise<number | null> = openWork(node, name),
): Promise<Answer> {
  const begun = await left()
  let remaining = begun
  let sum: Answer = {}
  let next = body
  for (let calls = 1; ; calls++) {
    const answer = await node.post(`/${name}`, next)
    sum = added(sum, answer)
    if (answer.more !== true) return { ...sum, calls: numberOf(sum.calls) || calls }
    for (const field of CONTINUATIONS) if (answer[field] != null) next = { ...next, [field]: answer[field] }
    if (typeof answer.done === 'number' && typeof answer.places === 'number') {
      progress(answer.done, answer.places, name)
      continue
    }
    if (calls % MEASURE_EVERY === 1) remaining = await left()
    if (begun === null || remaining === null) progress(calls, null, `${name}: ${countsText(sum)}`)
    else progress(Math.max(0, begun - remaining), Math.max(begun, remaining), `${name}, ${remaining} left`)
  }
}

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0)

/** Positions and codes are no counts. */
const NO_COUNTS: ReadonlySet<string> = new Set(['done', 'places', 'exitCode'])

function added(sum: Answer, answer: Answer): Answer {
  const entries = Object.entries(answer).map(([name, value]) => [
    name,
    typeof value === 'number' && !NO_COUNTS.has(name) ? numberOf(sum[name]) + value : value,
  ])
  return { ...sum, ...Object.fromEntries(entries) }
}

/** `files 120, cells 3,400`: the counts of an answer that are not 0. */
export const countsText = (answer: Answer): string =>
  Object.entries(answer)
    .filter(([, value]) => typeof value === 'number' && value !== 0)
    .map(([name, value]) => `${name} ${(value as number).toLocaleString('en-US')}`)
    .join(', ') || 'nothing to do'

/** How much work of a function is open, as the node counts it; null for one whose work has no count. */
function openWork(node: CommandContext['node'], name: string): () => Promise<number | null> {
  const partitions = (field: 'touched' | 'unchecked') => async () => {
    const found = (await node.get('/status')).partitions as Record<string, unknown> | undefined
    return numberOf(found?.[field])
  }
  switch (name) {
    case 'dispatch-one-task':
      return async () => numberOf((await node.get('/queue?forecast=no')).open)
    case 'curate-partition':
      return partitions('touched')
    case 'qc-partition':
      return partitions('unchecked')
    default:
      return async () => null
  }
}
