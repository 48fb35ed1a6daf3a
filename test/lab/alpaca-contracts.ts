/** Plays Alpaca's list of option contracts (trading host): filters, defaults and pages; field names of the official client 4.0.2. */
import { addDays, isDt, weekday } from '../../functions/_market/dt.ts'
import { uuidOf } from './action-source.ts'
import { limitOf, oneOf, refuse } from './alpaca-query.ts'
import { newYorkDt } from './new-york.ts'
import type { LabContract, OptionSource } from './option-source.ts'
import { json, type Question, type Reply } from './reply.ts'

/** Numbers come as texts here, unlike on the data host. Of an unset expiry only what ends by the coming weekend is listed. */
export function contractsPage(source: OptionSource, question: Question): Reply {
  const { query, now } = question
  const today = newYorkDt(now)
  const day = (name: string): string | undefined => {
    const text = query.get(name)?.slice(0, 10)
    if (text !== undefined && !isDt(text)) throw refuse(422, `invalid format for ${name}`)
    return text
  }
  const amount = (name: string): number | undefined => {
    const text = query.get(name)
    if (text !== null && !(Number(text) >= 0)) throw refuse(422, `invalid format for ${name}`)
    return text === null ? undefined : Number(text)
  }
  const [on, least] = [day('expiration_date'), day('expiration_date_gte')]
  const weekend = addDays(today, (7 - weekday(today)) % 7)
  const most = day('expiration_date_lte') ?? ((on ?? least) ? '9999-12-31' : weekend)
  const [cheapest, dearest] = [amount('strike_price_gte'), amount('strike_price_lte')]
  const status = oneOf('status', query.get('status') ?? 'active', ['active', 'inactive'])
  const right = query.get('type')
  const style = query.get('style') ?? 'american'
  const root = query.get('root_symbol')
  const limit = limitOf(query, 100, 10_000)
  const underliers = query.get('underlying_symbols')?.split(',') ?? source.underliers()

  const rows = [...new Set(underliers)]
    .flatMap((underlier) => source.contracts(underlier))
    .filter((contract) => {
      const { expiry, strike } = contract
      if (contract.listedDt > today || expiry >= today !== (status === 'active')) return false
      if ((on && expiry !== on) || (least && expiry < least) || expiry > most) return false
      if (strike < (cheapest ?? 0) || strike > (dearest ?? Number.POSITIVE_INFINITY)) return false
      return (!right || contract.right === right) && (!root || contract.root === root) && style === 'american'
    })
    .sort((a, b) => (a.symbol < b.symbol ? -1 : 1))

  const token = query.get('page_token')
  const from = token === null ? '' : Buffer.from(token, 'base64').toString()
  if (token === '') throw refuse(422, 'invalid page_token')
  const left = rows.filter((contract) => contract.symbol > from)
  const page = left.slice(0, limit)
  const last = left.length > limit ? page.at(-1) : undefined
  const next = last ? Buffer.from(last.symbol).toString('base64') : null
  const answer = json(200, { option_contracts: page.map((contract) => print(contract, today)), next_page_token: next })
  return { ...answer, rows: page.length }
}

function print(contract: LabContract, today: string): Record<string, unknown> {
  const { symbol, underlier, root, expiry, right, strike, shares } = contract
  const isActive = expiry >= today
  const size = String(shares)
  return {
    id: uuidOf('contract', symbol),
    symbol,
    name: `${underlier} ${expiry} ${strike} ${right === 'call' ? 'Call' : 'Put'}`,
    status: isActive ? 'active' : 'inactive',
    tradable: isActive,
    expiration_date: expiry,
    root_symbol: root,
    underlying_symbol: underlier,
    underlying_asset_id: uuidOf('asset', underlier),
    type: right,
    style: 'american',
    strike_price: String(strike),
    multiplier: '100',
    size,
  }
}
