/** Asks a lab's vendors over HTTP the way a client with valid keys does. */
import { LAB_KEYS, type Lab } from './lab.ts'

export interface Heard {
  status: number
  type: string
  headers: Headers
  text: string
  /** The body as JSON; undefined where it is none. */
  body: unknown
}

/** One GET; `headers` replace the keys. */
export async function hear(url: string, headers: Record<string, string>): Promise<Heard> {
  const response = await fetch(url, { headers, redirect: 'manual' })
  const text = await response.text()
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    headers: response.headers,
    text,
    body,
  }
}

export const ALPACA_HEADERS = {
  'APCA-API-KEY-ID': LAB_KEYS.alpaca.id,
  'APCA-API-SECRET-KEY': LAB_KEYS.alpaca.secret,
}
export const MASSIVE_HEADERS = { Authorization: `Bearer ${LAB_KEYS.massive}` }

/** Stock bars of several symbols. */
export const askAlpaca = (lab: Lab, query: Record<string, string>): Promise<Heard> =>
  hear(`${lab.alpaca.url}/v2/stocks/bars?${new URLSearchParams(query)}`, ALPACA_HEADERS)

/** `path` with its query, or a whole next_url. */
export const askMassive = (lab: Lab, path: string): Promise<Heard> =>
  hear(path.startsWith('http') ? path : lab.massive.url + path, MASSIVE_HEADERS)

/** Observations as JSON. */
export const askFred = (lab: Lab, query: Record<string, string>): Promise<Heard> => {
  const all = new URLSearchParams({ api_key: LAB_KEYS.fred, file_type: 'json', ...query })
  return hear(`${lab.fred.url}/fred/series/observations?${all}`, {})
}
