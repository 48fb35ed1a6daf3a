/** Zones by their names, for what people schedule by their own clock. Market time is `zone.ts`. */

export function isZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }) !== undefined
  } catch {
    return false
  }
}

/** The minute of the day, 0 to 1439, that a wall clock of a zone shows at an instant (epoch ms). */
export function minuteIn(zone: string, instant: number): number {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(instant)
  const part = (type: 'hour' | 'minute'): number => Number(parts.find((one) => one.type === type)?.value)
  return part('hour') * 60 + part('minute')
}
