/** The routes that act, by method and path. Their bodies are those that the handlers check. */
import { z } from 'zod'
import { Acknowledged } from './answers/acknowledged.ts'
import { Ending } from './answers/ending.ts'
import { Begun } from './answers/schedule.ts'
import type { Route } from './route.ts'

const CELL = { dataset: 'equities_bars', symbol: 'AAPL', dt: '2025-07-08' }

/** The form of a browser. */
const Login = z.object({ token: z.string().max(512), next: z.string().optional() })

const Wish = z.object({
  dataset: z.string(),
  symbols: z.string().optional(),
  from: z.iso.date(),
  to: z.iso.date(),
  again: z.enum(['true', 'false']).optional(),
})

export const FUNCTIONS: Record<string, Route> = {
  'POST /ingest-tick': {
    summary: 'Queues the newest sessions of every dataset that is ready, ahead of all backfill.',
    answer: Ending,
    example: {},
  },
  'POST /audit': {
    summary: 'Compares what is expected with what is known, and queues the gaps.',
    answer: Ending,
    example: { rebuild: false },
  },
  'POST /dispatch-one-task': {
    summary: 'Makes one vendor call for the head of the queue and every task that the same call can answer.',
    answer: Ending,
    example: { dryRun: true },
  },
  'POST /sample': {
    summary: "Queues a second vendor's reading of a few cells.",
    answer: Ending,
    example: {},
  },
  'POST /enqueue': {
    summary: 'Queues a range of cells by hand, or moves it forward.',
    answer: Ending,
    example: { dataset: 'equities_bars', symbols: 'all', from: '2025-07-01', to: '2025-07-08' },
    refusals: [404],
  },
  'POST /enqueue/form': {
    summary: 'Queues the range of a previewed form, and leads back to the preview.',
    status: 303,
    form: Wish,
    refusals: [400, 404],
  },
  'POST /forget': {
    summary: 'Removes cells that the configuration no longer expects; counts them only, unless dryRun is false.',
    answer: Ending,
    example: { dataset: 'equities_bars', dryRun: true },
    refusals: [404],
  },
  'POST /hold': {
    summary: 'Keeps cells out of bundles, with a reason.',
    answer: Ending,
    example: { ...CELL, reason: 'a print that no other vendor has' },
    refusals: [404],
  },
  'POST /release': {
    summary: 'Lets cells that quality control holds into bundles, with a reason.',
    answer: Ending,
    example: { ...CELL, reason: 'compared with the tape', undo: true },
    refusals: [404],
  },
  'POST /redrive': {
    summary: 'Gives stalled tasks all their attempts again.',
    answer: Ending,
    example: { dataset: 'equities_bars' },
    refusals: [404],
  },
  'POST /curate-partition': {
    summary: 'Rebuilds one touched partition from raw files.',
    answer: Ending,
    example: {},
  },
  'POST /qc-partition': {
    summary: 'Judges one unchecked partition and holds what is RED.',
    answer: Ending,
    example: {},
  },
  'POST /export': {
    summary: 'Builds the bundle of an as-of day and points latest at it.',
    answer: Ending,
    example: { asof: '2025-07-08' },
  },
  'POST /reference': {
    summary: "Asks vendors' reference lists about the symbols of the universe, and applies what they state.",
    answer: Ending,
    example: {},
  },
  'POST /backup': {
    summary: 'Copies what no vendor serves again to another disk, some seconds a call.',
    answer: Ending,
    example: {},
    refusals: [409],
  },
  'POST /sweep': {
    summary: 'Deletes finished work and old bundles, and compresses what is settled.',
    answer: Ending,
    example: { dryRun: true },
  },
  'POST /compact': {
    summary: 'Makes the raw files of closed months into one file a day and vendor.',
    answer: Ending,
    example: {},
  },
  'POST /adopt': {
    summary: 'Takes over raw files of an older node where they lie.',
    answer: Ending,
    example: { verify: 'footers' },
  },
  'POST /verify': {
    summary: 'Checks the invariants that files and database can show, and changes nothing.',
    answer: Ending,
    example: { mode: 'fast' },
  },
  'POST /notify': {
    summary: 'Sends a test message to the webhook.',
    answer: Ending,
    example: { test: true },
    refusals: [409],
  },
  'POST /run/:chain': {
    summary: 'Begins a chain of the schedule by hand, or joins the run under way, and returns before it ends.',
    status: 202,
    answer: Begun,
    example: {},
    refusals: [404],
  },
  'POST /exports/:asof/ack': {
    summary: 'Records that a puller has a bundle, and queues the cells that it missed.',
    answer: Acknowledged,
    example: { puller: 'box', files: 4, rows: 1, bytes: 2048, missed: [{ ...CELL, dt: '2025-07-07' }] },
    refusals: [404, 409],
  },
  'POST /login': {
    summary: 'Takes a token once and begins the session of a browser.',
    status: 303,
    form: Login,
    refusals: [401, 403, 429],
  },
  'POST /logout': {
    summary: 'Ends the session of the browser that asks.',
    status: 303,
    refusals: [403],
  },
}
