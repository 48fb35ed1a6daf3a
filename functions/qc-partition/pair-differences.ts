/** The SQL that says how far two versions of a cell are apart, in the same words for daily bars and for a session of minutes. Knows numbers only. */

/** Pairs of a symbol, and pairs of all symbols, from which a usual ratio is believed. */
const FEWEST_OF_SYMBOL = 10
const FEWEST_OF_VENDORS = 20
/** For normally distributed values the median of their sizes times this is their standard deviation. */
const SIGMA = 1.4826

/** A tick of the first price: two vendors round the same value up and down. A little more, because prices are binary. */
const tick = (price: string): string => `IF(${price} >= 1, 0.010001, 0.000101)`

/** Logarithm of one price over another, 0 within a tick; null where one is not above zero. */
const apart = (a: string, b: string): string =>
  `IF(${a} > 0 AND ${b} > 0 AND isfinite(${a}) AND isfinite(${b}), IF(abs(${a} - ${b}) <= ${tick(a)}, 0, ln(${a} / ${b})), NULL)`

/**
 * One row for each of `pairs`, a relation of symbol, dt, vendor (the first's), second_vendor, refused, and of open, high, low, close, volume, row_count
 * with the endings 1 and 2: these columns and the differences. Which of the two vendors is the first makes no difference to their usual ratio.
 */
export const differencesSql = (pairs: string): string => `
    SELECT *, side * volume_deviation AS volume_apart, side * rows_deviation AS rows_apart, side * rows_ratio AS rows_raw,
      ${scatter('volume')} AS volume_scatter, ${scatter('rows')} AS rows_scatter
    FROM (
      SELECT *, ${deviation('volume')} AS volume_deviation, ${deviation('rows')} AS rows_deviation
      FROM (
        SELECT *, IF(vendor < second_vendor, 1, -1) AS side, least(vendor, second_vendor) AS one_vendor, greatest(vendor, second_vendor) AS other_vendor,
          ${apart('open1', 'open2')} AS open_apart, ${apart('high1', 'high2')} AS high_apart,
          ${apart('low1', 'low2')} AS low_apart, ${apart('close1', 'close2')} AS close_apart,
          greatest(abs(${apart('open1', 'close2')}), abs(${apart('close1', 'open2')})) AS crosswise,
          least(abs(open_apart), abs(close_apart)) AS straight,
          IF(volume1 > 0 AND volume2 > 0, side * ln(volume1 / volume2), NULL) AS volume_ratio,
          IF(row_count1 > 0 AND row_count2 > 0, side * ln(row_count1 / row_count2), NULL) AS rows_ratio
        FROM (${pairs}))
      WINDOW of_symbol AS (PARTITION BY symbol, one_vendor, other_vendor), of_both AS (PARTITION BY one_vendor, other_vendor))
    WINDOW of_symbol AS (PARTITION BY symbol, one_vendor, other_vendor), of_both AS (PARTITION BY one_vendor, other_vendor)`

/** Of the symbol's own pairs where they are enough, else of all pairs of the two vendors; null where neither are. */
const group = (name: string, own: string, both: string): string =>
  `CASE WHEN count(${name}_ratio) OVER of_symbol >= ${FEWEST_OF_SYMBOL} THEN ${own} WHEN count(${name}_ratio) OVER of_both >= ${FEWEST_OF_VENDORS} THEN ${both} END`

const deviation = (name: string): string =>
  `${name}_ratio - ${group(name, `median(${name}_ratio) OVER of_symbol`, `median(${name}_ratio) OVER of_both`)}`
const scatter = (name: string): string =>
  `${SIGMA} * ${group(name, `median(abs(${name}_deviation)) OVER of_symbol`, `median(abs(${name}_deviation)) OVER of_both`)}`
