/** The node as its command line sees it: HTTP and nothing else, with errors that name the next command. */
import type { RequestError } from 'got'

export type Answer = Record<string, unknown>

export interface NodeClient {
  address: string
  /** Throws an Error with one sentence that says what to do, unless the node returned 200 or 202. */
  get(path: string): Promise<Answer>
  post(path: string, body: object): Promise<Answer>
  /** As get, and 503 is an answer too: the health of a node that cannot serve. */
  health(): Promise<Answer>
}

/** Longest a single function may take; functions bound themselves far below. */
const CALL_TIMEOUT_MS = 30 * 60_000
const CONNECT_TIMEOUT_MS = 10_000

export interface NodeTerms {
  address: string
  token: string | null
}

export function nodeClient({ address, token }: NodeTerms): NodeClient {
  async function ask(path: string, method: 'GET' | 'POST', body?: object) {
    // Loaded when it is needed: help and completion should come at once.
    const { default: got, RequestError } = await import('got')
    try {
      const { statusCode, body: text } = await got(`${address}${path}`, {
        method,
        ...(body === undefined ? {} : { json: body }),
        headers: { accept: 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
        retry: { limit: 0 },
        timeout: { request: CALL_TIMEOUT_MS, connect: CONNECT_TIMEOUT_MS },
        throwHttpErrors: false,
        followRedirect: false,
      })
      return { statusCode, answer: answerOf(text, address, path) }
    } catch (error) {
      if (error instanceof RequestError) throw new Error(unreachable(error, address))
      throw error
    }
  }
  async function successful(path: string, method: 'GET' | 'POST', body?: object): Promise<Answer> {
    const { statusCode, answer } = await ask(path, method, body)
    if (statusCode === 200 || statusCode === 202) return answer
    throw new Error(refusal(statusCode, answer, { address, token }))
  }
  return {
    address,
    get: (path) => successful(path, 'GET'),
    post: (path, body) => successful(path, 'POST', body),
    health: async () => (await ask('/readyz', 'GET')).answer,
  }
}

function answerOf(text: string, address: string, path: string): Answer {
  try {
    const found: unknown = JSON.parse(text)
    if (typeof found === 'object' && found !== null && !Array.isArray(found)) return found as Answer
  } catch {
    // Said below.
  }
  throw new Error(
    `${address}${path} returned something that no data node says: another program listens there; give --url or set PORT`,
  )
}

function unreachable({ code }: Pick<RequestError, 'code'>, address: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return `no node listens at ${address}: start it with \`data-node serve\` or \`sudo systemctl start data-node\`, or give --url; \`data-node doctor\` says what keeps it from starting`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name in ${address} is not known on this network: give --url with the address of the node, as in --url http://192.168.1.20:8080`
    case 'ERR_INVALID_URL':
      return `${address} is not an address: give --url as in --url http://127.0.0.1:8080`
    default:
      return `the node at ${address} cannot be reached (${code}): see whether that machine is on`
  }
}

function refusal(status: number, { error, nextAt }: Answer, { address, token }: NodeTerms): string {
  const said = typeof error === 'string' ? error : `HTTP ${status}`
  if (status === 401 && token === null)
    return `the node at ${address} wants a token: set DATA_NODE_TOKEN in .env or in the environment, or give --token-file`
  if (status === 401)
    return `the node at ${address} does not know this token: DATA_NODE_TOKEN must be the same here and where the node was started`
  if (status === 403 && token !== null)
    return `${said} (here the token came from DATA_NODE_READ_TOKEN, or --token-file)`
  if (status === 503 && typeof nextAt === 'string') return `${said}; try again after ${nextAt}`
  return said
}
