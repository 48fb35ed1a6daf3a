/** Reads the path of a request below /exports/nightly/ as it was sent, before any router has decoded it. */
import { RequestError } from '../_http/handler.ts'
import { type Dt, isDt } from '../_market/dt.ts'

const PREFIX = '/exports/nightly/'

export type BundlePath =
  | { asked: 'folder'; asof: Dt }
  /** The folder without its final slash, from which relative links lead astray. */
  | { asked: 'folder-name'; asof: Dt }
  | { asked: 'file'; asof: Dt; path: string }
  | { asked: 'tar'; asof: Dt; isZipped: boolean }

/** Throws RequestError: 400 for what no path of a file can be, 404 for what begins with no as-of day. */
export function readBundlePath(url: string): BundlePath {
  const { pathname } = new URL(url)
  if (!pathname.startsWith(PREFIX)) throw new RequestError(404, `expected a path that begins with ${PREFIX}`)
  const [asof = '', ...names] = pathname.slice(PREFIX.length).split('/').map(decodeName)
  const [, day = '', zipped] = /^(.+)\.tar(\.gz)?$/.exec(asof) ?? []
  if (isDt(day) && names.length === 0) return { asked: 'tar', asof: day, isZipped: zipped !== undefined }
  if (!isDt(asof))
    throw new RequestError(404, `no bundle of such a name here: ${PREFIX} is followed by a day as YYYY-MM-DD`)
  if (names.length === 0) return { asked: 'folder-name', asof }
  if (names.length === 1 && names[0] === '') return { asked: 'folder', asof }
  if (names.some((name) => name === '' || name === '.' || name === '..'))
    throw new RequestError(400, 'the path has an empty name, "." or "..": send it as the bundle lists it')
  return { asked: 'file', asof, path: names.join('/') }
}

/** One name of the path, decoded once. A separator that was encoded stays a fault: it is no way to reach another folder. */
function decodeName(encoded: string): string {
  let name: string
  try {
    name = decodeURIComponent(encoded)
  } catch {
    throw new RequestError(400, 'the path is not encoded as UTF-8 text: send it as the bundle lists it')
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is looked for
  if (/[/\\\u0000-\u001f\u007f]/.test(name))
    throw new RequestError(
      400,
      'the path has an encoded separator or a control character: send it as the bundle lists it',
    )
  return name
}
