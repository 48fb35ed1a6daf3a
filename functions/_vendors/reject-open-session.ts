/** A session that was still open when the vendor was asked: its bars are real but not all there, so the cell is no answer. */
import type { TradingCalendar } from '../_calendar/session.ts'
import type { AnswerBuilder } from './answer-builder.ts'
import { VendorError, type Want } from './vendor.ts'

/**
 * Refuses, as `too_recent`, every want whose session ends after `until` (epoch ms, the end of what was asked); worth asking
 * again `delayMs` after that session's close.
 */
export function rejectOpenSession(
  vendor: string,
  gathering: AnswerBuilder,
  wants: readonly Want[],
  calendar: TradingCalendar,
  until: number,
  delayMs: number,
): void {
  for (const { symbol, dt } of wants) {
    // The calendar vouches for some decades only; what lies before them is long over.
    if (dt < calendar.first || dt > calendar.last) continue
    const close = calendar.session(dt)?.close
    if (close === undefined || close <= until) continue
    const message = `${vendor} was asked for ${symbol} ${dt} before that session was over; its rows are not complete yet`
    gathering.markMalformed(
      symbol,
      dt,
      dt,
      new VendorError(vendor, 'too_recent', message, { retryAt: close + delayMs }),
    )
  }
}
