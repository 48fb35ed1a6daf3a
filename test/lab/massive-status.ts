/** Plays Massive's market status: whether the exchanges are open now, without the usual envelope. */
import { newYorkMinute } from '../../functions/_calendar/zone.ts'
import { newYorkDt, sessionOf, wallStamp } from './new-york.ts'
import { json, type Question, type Reply } from './reply.ts'

const EARLY_OPEN_MINUTE = 4 * 60
const LATE_CLOSE_MINUTE = 20 * 60

export function marketStatus({ now }: Question): Reply {
  const session = sessionOf(newYorkDt(now))
  const minute = newYorkMinute(now)
  const isOpen = session !== undefined && now >= session.open && now < session.close
  const earlyHours = session !== undefined && now < session.open && minute >= EARLY_OPEN_MINUTE
  const afterHours = session !== undefined && now >= session.close && minute < LATE_CLOSE_MINUTE
  const market = isOpen ? 'open' : earlyHours || afterHours ? 'extended-hours' : 'closed'
  return json(200, {
    market,
    earlyHours,
    afterHours,
    serverTime: wallStamp(now),
    exchanges: { nyse: market, nasdaq: market, otc: market },
    currencies: { fx: 'open', crypto: 'open' },
  })
}
