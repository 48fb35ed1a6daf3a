/** How QC judges a cell. GREEN needs evidence, AMBER wants to be seen, RED is held out of exports. */
export type Status = 'GREEN' | 'AMBER' | 'RED'
