/** An instant (epoch ms) in UTC as every answer of the node has it; null for never, which no date can express. */
export const isoOf = (instant: number | null): string | null =>
  instant === null || Number.isNaN(new Date(instant).getTime()) ? null : new Date(instant).toISOString()
