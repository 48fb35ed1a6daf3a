/** Days after which the audit tries a cell that was given up once more: after the first time, the second, and every later one. */
export const GIVEN_UP_RECHECK_DAYS = [7, 30, 90] as const
