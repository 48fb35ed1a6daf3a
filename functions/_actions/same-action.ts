/** When two statements are of one corporate action, as SQL: by what they say, because vendors share no ids. */

/** Kinds that pay cash on the share count before the ex-date. */
export const CASH = `('cash_dividend', 'capital_gains_distribution')`
/** Kinds of which a symbol has one a day. Of those that name another company it has one a day and company; of dividends one a sort. */
const ONE_A_DAY = `('split', 'stock_dividend', 'unit_split', 'name_change', 'redemption', 'worthless_removal', 'reorganization')`
const ONE_A_COMPANY = `('spin_off', 'cash_merger', 'stock_merger', 'stock_and_cash_merger', 'rights_distribution')`

/**
 * Vendors print ratios with four decimals at the least. One of 0.05 or more is then off by a thousandth of itself at the most, and so are the prices
 * that are adjusted by it. Ratios that companies choose lie further apart.
 */
export const RATIO_SLACK = 0.001

/** Half a unit of the last decimal that an amount is printed with, of the second one at the least: 0.98 may be 0.9834 rounded to cents. */
const CASH_SLACK = `CASE ${[2, 3, 4, 5].map((digits) => `WHEN abs(cash_ - round(cash_, ${digits})) < 1e-9 THEN ${0.5 / 10 ** digits}`).join(' ')} ELSE 5e-7 END`

/** Subtypes of an ordinary dividend, as vendors spell them; a vendor that says nothing means one. */
const ORDINARY = `('', 'cd', 'recurring', 'regular', 'irregular', 'unknown')`
const SPECIAL = `('special', 'supplemental', 'sc')`

/**
 * `rows` (symbol, dt, kind, id and the columns that `column` gives) with what tells actions apart:
 *
 * - `scope`: what statements of one action have in common beside symbol, day and kind: the currency, the other company.
 * - `size`, `slack`: cash, or the factor by which the share count grows; and how far two statements of it may lie apart. Null where there is none.
 * - `sort`: of dividends ordinary, special or the vendor's own word; else the other company, or nothing.
 */
export const sizedSql = (rows: string, column: (name: string) => string): string => `
  SELECT r.*, CASE
      WHEN kind IN ${CASH} THEN coalesce(currency_, 'USD')
      WHEN kind = 'other' THEN concat_ws(' ', other_symbol_, subtype_, detail_)
      WHEN kind IN ('split', 'stock_dividend', 'unit_split') THEN ''
      ELSE concat_ws(' ', other_symbol_, IF(cash_ IS NULL, NULL, round(ratio, 4))) END AS scope,
    CASE WHEN kind IN ${CASH} THEN cash_ WHEN kind = 'stock_dividend' THEN 1 + ratio WHEN kind = 'split' THEN ratio ELSE coalesce(cash_, ratio) END AS size,
    CASE WHEN kind NOT IN ('split', 'stock_dividend') AND cash_ IS NOT NULL THEN ${CASH_SLACK} ELSE abs(size) * ${RATIO_SLACK} END AS slack,
    CASE WHEN kind IN ${CASH} THEN CASE WHEN lower(coalesce(subtype_, '')) IN ${ORDINARY} THEN 'ordinary'
        WHEN lower(subtype_) IN ${SPECIAL} THEN 'special' ELSE lower(subtype_) END
      WHEN kind IN ${ONE_A_COMPANY} THEN coalesce(other_symbol_, '') ELSE '' END AS sort
  FROM (SELECT *, ${column('currency')} AS currency_, ${column('other_symbol')} AS other_symbol_, ${column('subtype')} AS subtype_,
      ${column('detail')} AS detail_, ${column('first_seen')} AS seen_, ${column('cash')} AS cash_, CASE WHEN ${column('old_shares')} > 0 THEN ${column('new_shares')} / ${column('old_shares')} END AS ratio
    FROM ${rows}) r`

/** Do two sizes say the same? Each is the SQL of a size and of its slack; symbol, day, kind and scope are compared apart. */
export const isSameSize = (
  [size, slack]: readonly [string, string],
  [other, otherSlack]: readonly [string, string],
): string =>
  `coalesce(abs(${size} - ${other}) <= greatest(${slack}, ${otherSlack}) * (1 + 1e-9), ${size} IS NULL AND ${other} IS NULL)`

/** Of these kinds a day has one (of dividends one a sort and currency, of those that name another company one a company): two that differ contradict each other. */
export const ONCE = `(kind IN ${CASH} OR kind IN ${ONE_A_DAY} OR kind IN ${ONE_A_COMPANY})`
