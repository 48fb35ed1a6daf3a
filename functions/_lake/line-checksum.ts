/** The checksum at the end of a manifest line: a flipped bit, a line cut off and two lines glued together do not pass for what was written. */
import { crc32 } from 'node:zlib'

const FIELD = ',"crc":"'
const DIGITS = 8
const END = '"}'
const LENGTH = FIELD.length + DIGITS + END.length

/** The line of a JSON object given without its last `}`: ended by the CRC-32 of the UTF-8 bytes before it, and a newline. */
export const sealedLine = (open: string): string =>
  `${open}${FIELD}${crc32(open).toString(16).padStart(DIGITS, '0')}${END}\n`

/** The text of a line without its last `}` and the checksum before it, if there is one: what `sealedLine` takes. */
export const unsealed = (line: Buffer): string =>
  line.toString('utf8', 0, checksumOf(line) === 'none' ? line.length - END.length + 1 : line.length - LENGTH)

/** The line of a JSON object. */
export const jsonLine = (value: object): string => sealedLine(JSON.stringify(value).slice(0, -1))

/** Whether the checksum that ends a line (without its newline) is right; `none` for a line that was written before there were any. */
export function checksumOf(line: Buffer): 'right' | 'wrong' | 'none' {
  const at = line.length - LENGTH
  if (at < 0 || line.toString('latin1', at, at + FIELD.length) !== FIELD) return 'none'
  const stated = line.toString('latin1', at + FIELD.length, line.length - END.length)
  const isRight =
    line.toString('latin1', line.length - END.length) === END &&
    stated === crc32(line.subarray(0, at)).toString(16).padStart(DIGITS, '0')
  return isRight ? 'right' : 'wrong'
}
