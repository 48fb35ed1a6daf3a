/** Plays Alpaca's trading host: assets, and calendar and clock in New York wall time. */
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { newYorkMinute } from '../../functions/_calendar/zone.ts'
import { addDays, type Dt, isDt } from '../../functions/_market/dt.ts'
import { oneOf, refuse } from './alpaca-query.ts'
import { hexOf, seedOf } from './chance.ts'
import { newYorkDt, sessionOf, wallStamp } from './new-york.ts'
import { json, type Question, type Reply } from './reply.ts'
import type { BarSource } from './source.ts'

const xnys = calendarOf('xnys')
const REGULAR_CLOSE = '16:00'

/** "HH:MM" in New York. */
function wallTime(instant: number): string {
  const minute = newYorkMinute(instant)
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}

/** How many business days a trade took to settle on a day (SEC rule 15c6-1 and its amendments of 2017 and 2024). */
const settlementDays = (dt: Dt): number => (dt >= '2024-05-28' ? 1 : dt >= '2017-09-05' ? 2 : 3)

/** Settlement needs banks and the exchange open. */
function settlementOf(dt: Dt): Dt {
  const fed = calendarOf('fed')
  let day = dt
  for (let left = settlementDays(dt); left > 0; ) {
    day = addDays(day, 1)
    if (day > xnys.last || (xnys.isSession(day) && (day < fed.first || day > fed.last || fed.isSession(day)))) left--
  }
  return day
}

/** A bare list of the open days. Without `start` and `end` all days the lab's calendar vouches for. */
export function calendarDays({ query }: Question): Reply {
  const day = (name: string, otherwise: Dt): Dt => {
    // The official client sends whole stamps.
    const text = (query.get(name) ?? otherwise).slice(0, 10)
    if (!isDt(text)) throw refuse(422, `invalid format for ${name}: ${text}`)
    return text
  }
  const bySettlement =
    oneOf('date_type', query.get('date_type') ?? 'TRADING', ['TRADING', 'SETTLEMENT']) === 'SETTLEMENT'
  const start = day('start', xnys.first)
  const end = day('end', xnys.last)
  const rows = xnys
    .sessions(bySettlement ? addDays(start, -10) : start, end)
    .map((dt) => {
      const session = sessionOf(dt)
      const open = session ? wallTime(session.open) : '09:30'
      const close = session ? wallTime(session.close) : REGULAR_CLOSE
      const sessionClose = close < REGULAR_CLOSE ? '1700' : '2000'
      return {
        date: dt,
        open,
        close,
        session_open: '0400',
        session_close: sessionClose,
        settlement_date: settlementOf(dt),
      }
    })
    .filter((row) => !bySettlement || (row.settlement_date >= start && row.settlement_date <= end))
  return { ...json(200, rows), rows: rows.length }
}

/** A bare list without pages, and without any date: what has had no bar for ten days is inactive. */
export function assets(source: BarSource, { query, now }: Question): Reply {
  const status = oneOf('status', query.get('status') ?? 'all', ['active', 'inactive', 'all'])
  const assetClass = oneOf('asset_class', query.get('asset_class') ?? 'us_equity', ['us_equity', 'crypto', 'us_option'])
  const today = newYorkDt(now)
  const rows = source.symbols().flatMap((symbol) => {
    const isActive = source.daily(symbol, addDays(today, -10), today).length > 0
    const own = isActive ? 'active' : 'inactive'
    if (assetClass !== 'us_equity' || (status !== 'all' && status !== own)) return []
    const digits = hexOf(seedOf(0, 'asset', symbol))
      .padEnd(12, '0')
      .slice(0, 12)
    return {
      id: `904837e3-3b76-47ec-b432-${digits}`,
      class: assetClass,
      exchange: seedOf(0, 'figi', symbol) % 2 === 0 ? 'NYSE' : 'NASDAQ',
      symbol,
      name: `${symbol} Laboratories Inc. Common Stock`,
      status: own,
      tradable: isActive,
      marginable: isActive,
      shortable: isActive,
      easy_to_borrow: isActive,
      fractionable: isActive,
    }
  })
  return { ...json(200, rows), rows: rows.length }
}

export function clockNow({ now }: Question): Reply {
  const today = newYorkDt(now)
  const session = sessionOf(today)
  const isOpen = session !== undefined && now >= session.open && now < session.close
  const nextOpen = session && now < session.open ? session : sessionOf(xnys.next(today))
  const nextClose = session && now < session.close ? session : nextOpen
  return json(200, {
    timestamp: wallStamp(now),
    is_open: isOpen,
    next_open: nextOpen ? wallStamp(nextOpen.open) : null,
    next_close: nextClose ? wallStamp(nextClose.close) : null,
  })
}
