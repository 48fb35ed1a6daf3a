import { existsSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256 } from '../../functions/_lake/digest.ts'
import { type ExportsServer, exportsServer } from '../exports/small-bundle.ts'

const READ = 'read-token-0123456789'
const AUTH = { authorization: `Bearer ${READ}` }

let server: ExportsServer
beforeEach(async () => {
  server = await exportsServer({ full: null, read: READ })
})
afterEach(() => server.close())

const isCompiled = existsSync('dist/functions/pull/client/main.js')
if (!isCompiled) process.stderr.write('The served pull client is not tested: npm run build compiles it.\n')

test.runIf(isCompiled)('pull client: it is served with the hash that the list of bundles gives', async () => {
  const { status, headers, body } = await server.ask('/pull.mjs', AUTH)
  expect([status, headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8'])
  expect(body.toString()).toMatch(/^#!\/usr\/bin\/env node\n/)
  const { client } = await server.json('/exports', AUTH)
  expect(client).toEqual({ path: '/pull.mjs', sha256: sha256(body) })
})

test('pull client: without a token it is not served', async () => {
  expect((await server.ask('/pull.mjs')).status).toBe(401)
})
