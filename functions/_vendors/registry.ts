/** The vendors there are: an explicit list, one folder each. */
import { alpaca } from './alpaca/index.ts'
import { fred } from './fred/index.ts'
import { massive } from './massive/index.ts'
import type { Connector } from './vendor.ts'

export const CONNECTORS: readonly Connector[] = [alpaca, massive, fred]

/** The connector of a vendor; a name from configuration that has none is a plain Error naming those there are. */
export function connectorOf(name: string): Connector {
  const connector = CONNECTORS.find((one) => one.name === name)
  if (connector !== undefined) return connector
  const known = CONNECTORS.map((one) => one.name).join(', ')
  throw new Error(`expected a vendor with a connector (${known}), got ${JSON.stringify(name)}`)
}
