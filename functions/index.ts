/** The map: one line per URL, one place where errors become HTTP. */
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { instantWithinCalendars } from './_calendar/calendar.ts'
import { auth, needsToken, type Tokens } from './_http/auth.ts'
import { browserLogin } from './_http/browser-login.ts'
import { handler, RequestError } from './_http/handler.ts'
import type { Node } from './_http/node.ts'
import { refuseWhileClosed } from './_http/write-gate.ts'
import { AdoptBody, adopt } from './adopt/index.ts'
import { pageScript, pageStyle } from './assets/index.ts'
import { AuditBody, auditOrRebuild } from './audit.ts'
import { BackupBody, backupNode } from './backup/index.ts'
import { changes } from './changes/index.ts'
import { CompactBody, compact } from './compact/index.ts'
import { condition } from './condition/index.ts'
import { coverage } from './coverage/index.ts'
import { cron } from './cron.ts'
import { writeAsOf } from './curate-partition/as-of.ts'
import { CurateBody, curateNext, curateOnePartition } from './curate-partition/index.ts'
import { writeVintages } from './curate-partition/vintages.ts'
import { DispatchBody, dispatchOneTask } from './dispatch-one-task.ts'
import { enqueueForm } from './enqueue/form.ts'
import { enqueue } from './enqueue/index.ts'
import { preview } from './enqueue/preview.ts'
import { EnqueueBody } from './enqueue/request.ts'
import { ExportBody, exportWith } from './export/index.ts'
import type { Enqueue } from './exports/acknowledge.ts'
import { bundlesIn } from './exports/bundles.ts'
import { exportsOf } from './exports/index.ts'
import { forget } from './forget/index.ts'
import { ForgetBody } from './forget/request.ts'
import { history } from './history/index.tsx'
import { HoldBody, hold } from './hold.ts'
import { IngestBody, ingestTick } from './ingest-tick.ts'
import { loginOf } from './login/index.ts'
import { logout } from './logout.ts'
import { NotifyBody, notify } from './notify.ts'
import { openapi } from './openapi/index.tsx'
import { pullClient, showPullClient } from './pull/index.ts'
import { judgeNext, QcBody, qcPartition } from './qc-partition/index.ts'
import { queue } from './queue/index.ts'
import { RedriveBody, redrive } from './redrive.ts'
import { ReferenceBody, reference } from './reference.ts'
import { ReleaseBody, release } from './release.ts'
import { run } from './run.ts'
import { SampleBody, sample } from './sample/index.ts'
import { livez, readyz } from './status/health.ts'
import { homeOf } from './status/home.tsx'
import { metrics } from './status/metrics.ts'
import { overviewOf } from './status/overview.ts'
import { quarantine } from './status/quarantine.ts'
import { status } from './status/status.ts'
import { SweepBody, sweep } from './sweep.ts'
import { symbols } from './symbols.ts'
import { vendors } from './vendors/index.ts'
import { VerifyBody, verifyNode } from './verify/index.ts'
import { why } from './why/index.ts'

const MAX_BODY_BYTES = 1024 * 1024
const TOO_LARGE = { ok: false, error: 'the body is larger than 1 MiB: a function needs no more than a few fields' }

/** `loginNetworks`: where a browser may log in over plain HTTP beside loopback, in CIDR form. */
export function createApp(node: Node, tokens: Tokens, loginNetworks: readonly string[] = []): Hono {
  const app = new Hono()
  const login = browserLogin(node, loginNetworks)
  const entrance = loginOf({ node, tokens, login })
  app.use(async (c, next) => {
    await next()
    // Also on what went wrong: text that a caller sent may stand in it, and a browser must not take it for a page.
    c.header('X-Content-Type-Options', 'nosniff')
  })
  app.use(auth(tokens, { login, showForm: entrance.inPlace }))
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (c) => c.json(TOO_LARGE, 413) }))
  app.use(refuseWhileClosed(node))

  app.post('/ingest-tick', handler(node, IngestBody, ingestTick))
  app.post('/audit', handler(node, AuditBody, auditOrRebuild))
  app.post('/dispatch-one-task', handler(node, DispatchBody, dispatchOneTask))
  app.post('/enqueue', handler(node, EnqueueBody, enqueue))
  app.post('/enqueue/form', enqueueForm(node))
  app.post('/forget', handler(node, ForgetBody, forget))
  app.post('/hold', handler(node, HoldBody, hold))
  app.post('/release', handler(node, ReleaseBody, release))
  app.post('/redrive', handler(node, RedriveBody, redrive))
  app.post('/curate-partition', handler(node, CurateBody, curateOnePartition))
  app.post('/qc-partition', handler(node, QcBody, qcPartition))
  app.post('/sample', handler(node, SampleBody, sample))
  app.post(
    '/export',
    handler(
      node,
      ExportBody,
      exportWith({ curate: curateNext, judge: judgeNext, vintages: writeVintages, asOf: writeAsOf }),
    ),
  )
  app.post('/reference', handler(node, ReferenceBody, reference))
  app.post('/backup', handler(node, BackupBody, backupNode))
  app.post('/sweep', handler(node, SweepBody, sweep))
  app.post('/compact', handler(node, CompactBody, compact))
  app.post('/adopt', handler(node, AdoptBody, adopt))
  app.post('/verify', handler(node, VerifyBody, verifyNode))
  app.post('/notify', handler(node, NotifyBody, notify))
  app.post('/run/:chain', run(node))
  app.get('/login', entrance.show)
  app.post('/login', entrance.enter)
  app.post('/logout', logout(login))
  app.get('/assets/page.css', pageStyle)
  app.get('/assets/page.js', pageScript)

  // Reads answer whatever the clock shows: one that no calendar knows is taken for the nearest it does.
  const reading: Node = { ...node, now: () => instantWithinCalendars(node.now()) }
  const overview = overviewOf({ node: reading, newestBundles: bundlesIn(() => node.exportRoot).newest })
  const home = homeOf({ node: reading, overview, canLogOut: needsToken(tokens) })
  app.get('/', home.show)
  app.get('/events', home.events)
  app.get('/status', status(reading))
  app.get('/cron', cron(reading))
  app.get('/queue', queue(reading))
  app.get('/vendors', vendors(reading, needsToken(tokens)))
  app.get('/symbols', symbols(reading))
  app.get('/quarantine', quarantine(reading))
  app.get('/coverage/:dataset', coverage(reading, needsToken(tokens)))
  app.get('/enqueue', preview(reading, needsToken(tokens)))
  app.get('/condition/:dataset', condition(reading))
  app.get('/history', history(reading, needsToken(tokens)))
  app.on('GET', ['/changes', '/changes.csv'], changes(reading))
  app.get('/why/:dataset/:symbol/:dt', why(reading, needsToken(tokens)))
  const queueMissed: Enqueue = (range) => enqueue(node, EnqueueBody.parse(range))
  const exported = exportsOf(reading, { clientHash: pullClient, enqueue: queueMissed, canLogOut: needsToken(tokens) })
  app.get('/quality', exported.quality)
  app.get('/exports', exported.list)
  app.get('/exports/latest', exported.latest)
  app.get('/exports/nightly/*', exported.nightly)
  app.post('/exports/:asof/ack', exported.ack)
  app.get('/pull.mjs', showPullClient)
  app.get('/metrics', metrics(overview))
  app.get('/livez', livez)
  app.get('/readyz', readyz(node))
  const api = openapi(node, () => app.routes, needsToken(tokens))
  app.get('/openapi.json', api.json)
  app.get('/api', api.page)

  app.notFound((c) => {
    const known = app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`)
    return c.json({ ok: false, error: `no ${c.req.method} ${c.req.path} here: there are ${known.join(', ')}` }, 404)
  })
  app.onError((error, c) => {
    if (error instanceof RequestError) return c.json({ ok: false, error: error.message }, error.status)
    node.disk.noteFailure(error)
    node.log('request.failed', { path: c.req.path, error })
    return c.json({ ok: false, error: `${c.req.path} failed: ${error.message}` }, 500)
  })
  return app
}
