/** The routes that read, by method and path. Their parameters are those that the handlers check. */
import { z } from 'zod'
import { Changes } from './answers/changes.ts'
import { Condition } from './answers/condition.ts'
import { Coverage } from './answers/coverage.ts'
import { EnqueuePreview } from './answers/enqueue-preview.ts'
import { Bundle, Exports } from './answers/exports.ts'
import { Ready } from './answers/health.ts'
import { History } from './answers/history.ts'
import { Quarantine } from './answers/quarantine.ts'
import { Queue } from './answers/queue.ts'
import { Cron } from './answers/schedule.ts'
import { Status } from './answers/status.ts'
import { Symbols } from './answers/symbols.ts'
import { Vendors } from './answers/vendors.ts'
import { Why } from './answers/why.ts'
import type { Route } from './route.ts'

const HTML = ['text/html']
/** Beside JSON: the files of a bundle, and the whole of it as one stream. */
const FILES = [
  'text/markdown',
  'text/plain',
  'application/vnd.apache.parquet',
  'application/octet-stream',
  'application/x-tar',
  'application/gzip',
]

export const READS: Record<string, Route> = {
  'GET /': {
    summary: 'The status as a page for a browser, and for a program the same as GET /status.',
    answer: Status,
    media: HTML,
  },
  'GET /events': {
    summary: 'What of the status page has changed, as server-sent events.',
    media: ['text/event-stream'],
    refusals: [503],
  },
  'GET /status': {
    summary: 'What the node has, what it does and waits for, and what its vendors may still spend.',
    answer: Status,
  },
  'GET /cron': {
    summary: 'Each chain of the schedule: how its last firing ended, the step it is at, and when it comes next.',
    answer: Cron,
  },
  'GET /queue': {
    summary: 'What is open and why, what comes next at each vendor, what was given up, and when all of it is done.',
    answer: Queue,
    refusals: [404],
  },
  'GET /vendors': {
    summary:
      'What each vendor may be asked for, what it may still spend, how it is doing, and how its score comes about.',
    answer: Vendors,
    media: HTML,
  },
  'GET /symbols': {
    summary: 'The universe as it applies: where each first day, last day and ticker comes from.',
    answer: Symbols,
    refusals: [404],
  },
  'GET /quarantine': {
    summary: 'Samples of what vendors sent that is not what they document, newest first.',
    answer: Quarantine,
  },
  'GET /coverage/:dataset': {
    summary:
      'Expected, present, absent and open cells of a dataset by year or month; with the ending .svg as a picture.',
    answer: Coverage,
    media: [...HTML, 'image/svg+xml'],
    refusals: [404],
  },
  'GET /enqueue': {
    summary: 'What POST /enqueue would queue of a range, and the calls and time that takes at each vendor.',
    answer: EnqueuePreview,
    media: HTML,
    refusals: [404],
  },
  'GET /condition/:dataset': {
    summary: 'Each trading day of a dataset as complete, degraded, pending or missing, and since when it is final.',
    answer: Condition,
    refusals: [404],
  },
  'GET /history': {
    summary:
      'Bundles by night, held and doubted cells by trading day, calls by vendor and day; in a browser as charts.',
    answer: History,
    media: HTML,
  },
  'GET /changes': {
    summary: 'What vendors changed in data that they had delivered, newest first.',
    answer: Changes,
  },
  'GET /changes.csv': {
    summary: 'What vendors changed in data that they had delivered, one line a changed field.',
    media: ['text/csv'],
  },
  'GET /why/:dataset/:symbol/:dt': {
    summary: 'What the node expected of a cell, whom it asked, what they answered, what it concluded and does next.',
    answer: Why,
    media: HTML,
    refusals: [404],
  },
  'GET /quality': {
    summary: 'The quality report of the latest bundle; in a browser a page with its pictures.',
    media: ['text/markdown', 'text/html'],
    refusals: [404],
  },
  'GET /exports': {
    summary: 'The finished bundles, newest first.',
    answer: Exports,
  },
  'GET /exports/latest': {
    summary: 'Leads to the folder of the latest bundle.',
    status: 307,
    refusals: [404],
  },
  'GET /exports/nightly/*': {
    summary: 'A bundle: its listing, what differs from an earlier one, one of its files, or all of it as a tar.',
    answer: z.union([...Bundle.options, z.looseObject({}).describe('a JSON file of the bundle')]),
    media: [...HTML, ...FILES],
    others: [206, 304, 307],
    refusals: [404, 412, 416, 503],
  },
  'GET /pull.mjs': {
    summary: 'The pull client as one file for Node.js.',
    media: ['text/javascript'],
    refusals: [404],
  },
  'GET /metrics': {
    summary: 'The figures of the status page for Prometheus.',
    media: ['text/plain'],
  },
  'GET /livez': {
    summary: 'Whether the event loop turns.',
    answer: z.object({ ok: z.literal(true) }),
  },
  'GET /readyz': {
    summary: 'Whether the node is well, and what keeps it from being so, in sentences.',
    answer: Ready,
    alsoAt: 503,
  },
  'GET /login': {
    summary: 'The form by which a browser logs in; leads to the status page where no token is needed.',
    media: HTML,
    others: [303],
  },
  'GET /assets/page.css': { summary: 'The style of all pages.', media: ['text/css'] },
  'GET /assets/page.js': { summary: 'The script of all pages.', media: ['text/javascript'] },
  'GET /openapi.json': {
    summary: 'This document: every route with its parameters, bodies, answers and access.',
    answer: z.looseObject({ openapi: z.literal('3.1.0') }),
  },
  'GET /api': { summary: 'The same for people: a page with a call to copy for each route.', media: ['text/html'] },
}
