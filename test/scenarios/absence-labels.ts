/** The labelled cells: one line a cell, `world dataset symbol day` and what the node has to say of it. Labels are facts of the market, not of our code. */

/** `present`, `gap`, a reason of the closed list, or `not expected: …` with the reason /why gives. */
export const LABELS = `
  september-11  equities_bars   AAPL 2001-09-10  present
  september-11  equities_bars   AAPL 2001-09-11  not expected: holiday
  september-11  equities_bars   AAPL 2001-09-12  not expected: holiday
  september-11  equities_bars   AAPL 2001-09-13  not expected: holiday
  september-11  equities_bars   AAPL 2001-09-14  not expected: holiday
  september-11  equities_bars   AAPL 2001-09-15  not expected: weekend
  september-11  equities_bars   AAPL 2001-09-17  present
  september-11  equities_bars   AAPL 2001-09-03  not expected: holiday
  september-11  macro_treasury  UST  2001-09-11  not expected: holiday
  september-11  macro_treasury  UST  2001-09-12  not expected: holiday
  september-11  macro_treasury  UST  2001-09-13  present
  september-11  macro_treasury  UST  2001-09-14  present

  sandy         equities_bars   AAPL 2012-10-26  present
  sandy         equities_bars   AAPL 2012-10-29  not expected: holiday
  sandy         equities_bars   AAPL 2012-10-30  not expected: holiday
  sandy         equities_bars   AAPL 2012-10-31  present
  sandy         macro_treasury  UST  2012-10-29  present
  sandy         macro_treasury  UST  2012-10-30  not expected: holiday
  sandy         macro_treasury  UST  2012-11-01  present

  bush          equities_bars   AAPL 2018-12-04  present
  bush          equities_bars   AAPL 2018-12-05  not expected: holiday
  bush          equities_bars   AAPL 2018-11-22  not expected: holiday
  bush          equities_bars   AAPL 2018-11-23  present
  bush          macro_treasury  UST  2018-12-05  not expected: holiday
  bush          macro_treasury  UST  2018-11-23  present

  carter        equities_bars   AAPL 2025-01-08  present
  carter        equities_bars   AAPL 2025-01-09  not expected: holiday
  carter        equities_bars   AAPL 2025-01-01  not expected: holiday
  carter        equities_bars   AAPL 2024-12-24  present
  carter        equities_bars   AAPL 2024-12-25  not expected: holiday
  carter        macro_treasury  UST  2025-01-09  present
  carter        macro_treasury  UST  2024-12-25  not expected: holiday

  jobs-friday   equities_bars   AAPL 2021-04-02  not expected: holiday
  jobs-friday   macro_treasury  UST  2021-04-02  present
  good-friday   equities_bars   AAPL 2024-03-29  not expected: holiday
  good-friday   macro_treasury  UST  2024-03-29  not expected: holiday
  good-friday   equities_bars   AAPL 2024-03-28  present
  good-friday   equities_bars   AAPL 2024-04-01  present

  juneteenth-21 equities_bars   AAPL 2021-06-18  present
  juneteenth-21 equities_bars   AAPL 2021-06-21  present
  juneteenth-21 equities_bars   AAPL 2021-05-31  not expected: holiday
  juneteenth-22 equities_bars   AAPL 2022-06-20  not expected: holiday
  juneteenth-22 equities_bars   AAPL 2022-06-17  present
  juneteenth-22 macro_treasury  UST  2022-06-20  not expected: holiday
  juneteenth-22 equities_bars   META 2022-06-08  present
  juneteenth-22 equities_bars   META 2022-06-09  present
  juneteenth-22 equities_bars   FB   2022-06-08  not expected: former_name

  columbus      equities_bars   AAPL 2024-10-14  present
  columbus      macro_treasury  UST  2024-10-14  not expected: holiday
  columbus      equities_bars   AAPL 2024-11-11  present
  columbus      macro_treasury  UST  2024-11-11  not expected: holiday
  columbus      macro_treasury  UST  2024-11-12  SOURCE_SAYS_NONE

  summer        equities_bars   AAPL 2025-07-02  present
  summer        equities_bars   AAPL 2025-07-04  not expected: holiday
  summer        equities_bars   AAPL 2025-07-05  not expected: weekend
  summer        equities_bars   AAPL 2025-07-09  not expected: not_over
  summer        equities_bars   AAPL 2025-05-01  not expected: before_depth
  summer        equities_bars   ZZZZ 2025-07-02  not expected: unknown_symbol
  summer        equities_bars   NEWB 2025-06-16  not expected: not_listed_yet
  summer        equities_bars   NEWB 2025-06-17  present
  summer        equities_bars   LATE 2025-06-12  NOT_LISTED_YET
  summer        equities_bars   LATE 2025-06-24  NOT_LISTED_YET
  summer        equities_bars   LATE 2025-06-26  present
  summer        equities_bars   GONE 2025-06-20  present
  summer        equities_bars   GONE 2025-06-23  not expected: delisted
  summer        equities_bars   ENDS 2025-06-18  present
  summer        equities_bars   ENDS 2025-06-20  DELISTED
  summer        equities_bars   ENDS 2025-07-08  DELISTED
  summer        equities_bars   THIN 2025-06-26  NO_TRADES
  summer        equities_bars   THIN 2025-06-27  present
  summer        equities_bars   EDGE 2025-07-08  VENDORS_AGREE_EMPTY
  summer        equities_bars   EDGE 2025-07-07  present
  summer        equities_bars   ONCE 2025-06-05  VENDOR_EMPTY_ONCE
  summer        equities_bars   ONCE 2025-06-06  present
  summer        equities_bars   AAPL 2025-06-03  BEFORE_VENDOR_HISTORY
  summer        equities_bars   SICK 2025-06-05  GIVEN_UP
  summer        equities_bars   SICK 2025-06-06  present
  summer        equities_bars   AAPL 2025-06-09  VENDOR_OUTAGE
  summer        equities_bars   THIN 2025-06-09  VENDOR_OUTAGE
  summer        equities_bars   AAPL 2025-06-30  present
  summer        equities_bars   AAPL 2025-07-01  CALENDAR_SUSPECT
  summer        equities_bars   THIN 2025-07-01  CALENDAR_SUSPECT
  summer        equities_bars_minute AAPL 2025-07-03  present
  summer        equities_bars_minute THIN 2025-07-03  NO_TRADES
  summer        equities_bars_minute AAPL 2025-07-02  present
  summer        equities_bars_minute LONE 2025-07-03  VENDOR_EMPTY_ONCE
  summer        equities_bars_minute BANE 2025-07-03  NOT_ENTITLED
  summer        options_bars    AAPL 2025-07-07  NOT_ENTITLED
  summer        options_bars    THIN 2025-07-07  not expected: not_collected
  summer        corporate_actions AAPL 2025-07-07  SOURCE_SAYS_NONE

  waiting       equities_bars   AAPL 2025-07-08  TOO_RECENT
  waiting       equities_bars   AAPL 2025-07-07  gap
  waiting       macro_treasury  UST  2025-07-08  TOO_RECENT
  waiting       macro_treasury  UST  2025-07-07  gap
`

export interface Labelled {
  line: string
  world: string
  dataset: string
  symbol: string
  dt: string
  label: string
}

export const LABELLED: Labelled[] = LABELS.split('\n').flatMap((text) => {
  const line = text.trim()
  const [, world = '', dataset = '', symbol = '', dt = '', label = ''] =
    /^(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(.+)$/.exec(line) ?? []
  return line === '' ? [] : [{ line, world, dataset, symbol, dt, label }]
})
