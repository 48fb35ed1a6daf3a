/** A vendor whose calendar tests script: ours, with changes, or any other answer. */
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import type { VendorConfig } from '../../config/schema.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import { readJson } from '../../functions/_vendors/read-json.ts'
import { type Connector, VendorError, type VendorSession } from '../../functions/_vendors/vendor.ts'
import { type Reply, type ScriptedVendor, scriptedVendor } from '../_vendors/scripted-vendor.ts'

const Days = z.array(z.object({ dt: z.string(), open: z.number(), close: z.number() }))

/** A vendor whose calendar is one list of sessions; of its contract only what a check uses. */
export const almanac = (more: Partial<Connector> = {}): Connector => ({
  name: 'almanac',
  datasets: [],
  secrets: [],
  authorise: () => ({ headers: {}, query: {} }),
  plan: () => {
    throw new Error('no plan is made of a calendar')
  },
  ask: () => Promise.reject(new Error('no cell is asked of a calendar')),
  keyCheck: { path: '/', query: {} },
  classify: ({ status }) =>
    new VendorError('almanac', status === 429 ? 'rate_limited' : 'malformed', `it said ${status}`),
  async sessions(from, to, get) {
    try {
      return readJson(await get({ path: '/calendar', query: { from, to } }), Days, 'almanac')
    } catch (error) {
      if (error instanceof VendorError) return error
      throw error
    }
  },
  ...more,
})

export const CONFIG: VendorConfig = {
  base_url: 'http://almanac.test',
  calls_per_minute: 10,
  calls_per_day: null,
  today_share: 0,
  datasets: {},
}

export type Changed = (sessions: VendorSession[]) => VendorSession[]
export const asOurs: Changed = (sessions) => sessions

/** What the vendor's calendar holds: ours, changed, of the days that were asked for. */
const listed = (url: URL, change: Changed): VendorSession[] => {
  const xnys = calendarOf('xnys')
  const dts = xnys.sessions(url.searchParams.get('from') ?? '', url.searchParams.get('to') ?? '')
  return change(dts.map((dt) => xnys.session(dt)!))
}

export const without =
  (gone: Dt): Changed =>
  (sessions) =>
    sessions.filter(({ dt }) => dt !== gone)
export const withHours =
  (dt: Dt, open: string, close: string): Changed =>
  (sessions) => [...without(dt)(sessions), { dt, open: instantOf(dt, open), close: instantOf(dt, close) }]

export interface Almanac {
  vendor: ScriptedVendor
  /** What the vendor answers from now on. */
  answers(change: Changed | Reply): void
}

export async function serveAlmanac(first: Changed | Reply = asOurs): Promise<Almanac> {
  let current = first
  const vendor = await scriptedVendor((url) =>
    typeof current === 'function' ? { body: listed(url, current) } : current,
  )
  onTestFinished(() => vendor.close())
  const answers = (next: Changed | Reply): void => {
    current = next
  }
  return { vendor, answers }
}
