import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { countFailure } from '../../db/circuits/circuits.ts'
import { doctorWith } from '../../functions/_cli/commands/doctor.ts'
import { nodeClient } from '../../functions/_cli/node-client.ts'
import { plain } from '../../functions/_cli/screen.ts'
import { stateFile } from '../../functions/_lake/paths.ts'
import { checkKeys } from '../../functions/_runtime/check-keys.ts'
import { type DoctorTerms, diagnose } from '../../functions/_runtime/doctor/diagnose.ts'
import type { Finding } from '../../functions/_runtime/doctor/finding.ts'
import { nodeVersionFault } from '../../functions/_runtime/node-version.ts'
import { SECRET_PATH, startReceiver } from '../receiver.ts'
import { EVENING, type SmallTerms, smallNode, type TestNode } from '../test-node.ts'

const GB = 1e9
const FULL = { bavail: 1, bsize: 4096, blocks: 1e6 }
const ROOMY = { bavail: 100, bsize: GB, blocks: 200 }

let node: TestNode
let timesync: string
beforeEach(async () => {
  timesync = await mkdtemp(join(tmpdir(), 'timesync-'))
  await writeFile(join(timesync, 'synchronized'), '')
})
afterEach(async () => {
  await node?.remove()
  await rm(timesync, { recursive: true, force: true })
})

/** What the doctor finds of the node as it is now, whether it runs or not. */
async function findings(more: Partial<DoctorTerms> = {}, isRunning = true): Promise<Finding[]> {
  const health = isRunning
    ? ((await nodeClient({ address: node.running().address, token: null }).health()) as DoctorTerms['health'] & object)
    : null
  return await diagnose({
    env: node.env,
    envFile: join(node.root, '.env'),
    health,
    now: () => EVENING + 700 * 86_400_000,
    elapsed: () => performance.now(),
    version: process.versions.node,
    user: process.getuid?.() ?? null,
    run: async () => null,
    measure: async () => ROOMY,
    find: async () => undefined,
    timesync,
    ...more,
  })
}

const troubled = (found: readonly Finding[]): Finding[] =>
  found.filter(({ level }) => level === 'warning' || level === 'error')

/** One row of the table of troubles: what each of the three says. */
interface Row {
  trouble: string
  doctor: string
  readyz: string
  log: string
}
const rows: Row[] = []
afterAll(() => {
  const text = rows.map(
    ({ trouble, doctor, readyz, log }) => `${trouble}\n  doctor: ${doctor}\n  readyz: ${readyz}\n  log:    ${log}`,
  )
  process.stdout.write(`${text.join('\n')}\n`)
})

/** A trouble of a node that runs: the three say the same. */
async function running(trouble: string, pattern: RegExp, more: Partial<DoctorTerms> = {}): Promise<void> {
  const { reasons } = (await node.get('/readyz')).body as { reasons: { sentence: string }[] }
  const sentence = reasons.find((reason) => pattern.test(reason.sentence))?.sentence
  expect(sentence, JSON.stringify(reasons)).toBeDefined()
  const finding = troubled(await findings(more)).find(({ what }) => pattern.test(what))
  expect(finding?.todo).toMatch(/\w/)
  const logged = node.lines
    .map((line) => JSON.parse(line) as { sentence?: string })
    .find((line) => line.sentence === sentence)
  expect(logged).toBeDefined()
  rows.push({ trouble, doctor: `${finding?.what} → ${finding?.todo}`, readyz: sentence!, log: logged!.sentence! })
}

/** A trouble that keeps a node from starting: nobody listens, and the start and the doctor say the same. */
async function stopped(trouble: string, pattern: RegExp, more: Partial<DoctorTerms> = {}): Promise<void> {
  const refusal = await node.start().then(
    () => 'it started',
    (error: Error) => error.message,
  )
  expect(refusal).toMatch(pattern)
  const finding = troubled(await findings(more, false)).find(({ what, todo }) => pattern.test(`${what}: ${todo}`))
  expect(finding?.level).toBe('error')
  rows.push({ trouble, doctor: `${finding?.what} → ${finding?.todo}`, readyz: '(does not start)', log: refusal })
}

const begin = async (terms: SmallTerms = {}, isStarted = true): Promise<void> => {
  node = await smallNode(terms)
  if (isStarted) await node.start()
}

test('doctor: a node that is well has no finding, running or stopped', async () => {
  await begin()
  await node.night()
  expect(troubled(await findings())).toEqual([])
  await node.stop()
  expect(troubled(await findings({}, false))).toMatchObject([{ check: 'node', what: 'does not run' }])
})

test('doctor: where nobody hears of the node it says so, and is well all the same', async () => {
  await begin()
  const nobody = {
    check: 'notifications',
    level: 'info',
    what: 'nobody hears of a night that did not run',
    todo: 'set PING_URL, WEBHOOK_URL or both (docs/operations.md, Messages)',
  }
  expect(await findings()).toContainEqual(nobody)
  await node.stop()
  expect(await findings({}, false)).toContainEqual(nobody)
})

test('doctor: a message that was not taken is a warning, running or stopped, without the address', async () => {
  const receiver = await startReceiver()
  await begin({ env: { WEBHOOK_URL: receiver.url, PING_URL: 'http://127.0.0.1:9/another-secret-path' } })
  expect((await findings()).filter(({ check }) => check === 'notifications')).toMatchObject([
    { level: 'ok', what: `webhook to ${new URL(receiver.url).origin}/…` },
    { level: 'ok', what: 'ping to http://127.0.0.1:9/…' },
  ])
  receiver.answer(410, 'gone')
  await node.running().notifier?.test()
  await running('an unsent message', /did not take the last message \(HTTP 410: gone\)/)
  await node.stop()
  const found = await findings({}, false)
  expect(troubled(found).filter(({ check }) => check === 'notifications')).toMatchObject([
    { level: 'warning', what: expect.stringMatching(/the last one was not taken \(HTTP 410: gone\)/) },
  ])
  for (const secret of [SECRET_PATH, 'another-secret-path']) expect(JSON.stringify(found)).not.toContain(secret)
  await receiver.close()
})

test('doctor: a wrong key is named by its variables, and never shown', async () => {
  await begin({ env: { MASSIVE_API_KEY: 'wrong-secret-0123456789' } })
  await checkKeys(node.running().node)
  await running('wrong key', /massive refuses the key/i)
  expect(JSON.stringify(await findings())).not.toContain('wrong-secret')
})

test('doctor: no key', async () => {
  await begin({ env: { APCA_API_KEY_ID: '', APCA_API_SECRET_KEY: '', MASSIVE_API_KEY: '', FRED_API_KEY: '' } })
  await running('no key', /key/i)
  expect(troubled(await findings()).find(({ check }) => check === 'keys')?.todo).toContain('FRED_API_KEY')
})

test('doctor: a full disk', async () => {
  const statfs = async () => FULL
  await begin({ statfs })
  await running('full disk', /disk|full|free/i, { measure: statfs })
})

test('doctor: a disk that is lost while the node runs, and one that is not there at the start', async () => {
  await begin({ env: {} })
  const { dataRoot } = node.running().settings
  await rename(dataRoot, `${dataRoot}-away`)
  // The guard looks when something is to be written.
  expect((await node.post('/audit')).status).toBe(503)
  await running('lost disk', /volume|gone/i)
  await rename(`${dataRoot}-away`, dataRoot)
  await node.stop()
  Object.assign(node.env, { DATA_VOLUME_ID: 'another-disk' })
  await stopped('lost disk (start)', /mount the right disk/)
})

test('doctor: a wrong clock', async () => {
  await begin({ clockEvidence: { builtAt: 0, isSynchronised: async () => false } })
  await running('wrong clock', /clock/i)
  await node.stop()
  const early = troubled(await findings({ now: () => 0 }, false))
  expect(early).toContainEqual(expect.objectContaining({ check: 'clock', level: 'error' }))
})

test('doctor: a port that is taken', async () => {
  await begin({}, false)
  const other = createServer()
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done))
  Object.assign(node.env, { PORT: String((other.address() as AddressInfo).port) })
  await stopped('port taken', /is taken by another program/)
  await new Promise((done) => other.close(done))
})

test('doctor: an old Node.js', async () => {
  await begin({}, false)
  const found = troubled(await findings({ version: '18.20.4' }, false)).find(({ check }) => check === 'Node.js')
  expect(found?.todo).toBe(nodeVersionFault('18.20.4'))
  rows.push({
    trouble: 'old Node',
    doctor: `${found?.what} → ${found?.todo}`,
    readyz: '(does not start)',
    log: found!.todo!,
  })
})

test('doctor: folders of another user', async () => {
  await begin()
  const found = troubled(await findings({ user: 4321 })).filter(({ check }) => check === 'owner')
  expect(found).toHaveLength(2)
  rows.push({
    trouble: 'wrong owner',
    doctor: `${found[0]?.what} → ${found[0]?.todo}`,
    readyz: '(does not start)',
    log: '<folder> cannot be used (EACCES): give DATA_ROOT and EXPORT_ROOT folders this user may read and write',
  })
})

test('doctor: a vendor that is dead', async () => {
  await begin()
  for (let failures = 0; failures < 6; failures++) await countFailure(node.running().node.db, 'fred', 'ECONNRESET')
  await running('dead vendor', /fred has failed 6 times/i)
})

test('doctor: a damaged database', async () => {
  await begin()
  await node.night()
  const { dataRoot } = node.running().settings
  await node.stop()
  const bytes = await readFile(stateFile(dataRoot))
  bytes.fill(0xff, 4096, 40_960)
  await writeFile(stateFile(dataRoot), bytes)
  const found = troubled(await findings({}, false)).find(({ check }) => check === 'database')
  expect(found).toMatchObject({ level: 'error' })
  await node.start()
  const logged = node.lines
    .map((line) => JSON.parse(line) as { msg: string; error?: string })
    .find(({ msg }) => msg === 'start.database_lost')
  expect(logged?.error).toContain('set aside')
  rows.push({
    trouble: 'corrupt database',
    doctor: `${found?.what} → ${found?.todo}`,
    readyz: '(rebuilt at the start)',
    log: String(logged?.error),
  })
})

test('doctor: a configuration that cannot be read', async () => {
  await begin({}, false)
  await writeFile(join(node.env.CONFIG_DIR!, 'universe.yaml'), 'symbols:\n  - { symbol: AAPL, from: soon }\n')
  await stopped('bad YAML', /universe\.yaml: symbols/)
})

test('doctor: no network', async () => {
  await begin()
  for (let failures = 0; failures < 6; failures++)
    for (const vendor of ['alpaca', 'massive', 'fred']) await countFailure(node.running().node.db, vendor, 'ENOTFOUND')
  const find = async (): Promise<never> => {
    throw new Error('ENOTFOUND')
  }
  await running('no network', /ENOTFOUND/, { find })
  expect(troubled(await findings({ find })).find(({ check }) => check === 'network')?.level).toBe('error')
})

test('doctor: keys that others may read, and the flags of a Raspberry Pi', async () => {
  await begin({}, false)
  const envFile = join(node.root, '.env')
  await writeFile(envFile, 'LOG_LEVEL=info\n')
  await chmod(envFile, 0o644)
  const run: DoctorTerms['run'] = async (file, argv) =>
    file === 'vcgencmd' ? 'throttled=0x50005' : file === 'systemctl' && argv[0] === 'is-active' ? 'failed' : null
  const found = troubled(await findings({ run }, false))
  expect(found.find(({ check }) => check === 'keys')?.todo).toContain('chmod 600')
  expect(found.filter(({ check }) => check === 'power')).toHaveLength(4)
  expect(found.find(({ check }) => check === 'service')?.todo).toContain('journalctl')
})

test('doctor: the exit code is that of the worst finding, and each finding says what to do', async () => {
  await begin()
  const context = {
    node: nodeClient({ address: node.running().address, token: null }),
    paint: plain,
    width: 79,
    progress: () => undefined,
  }
  const codeOf = async (more: Partial<DoctorTerms>) =>
    (await doctorWith(() => findings(more)).run(context, [], {})).exitCode
  expect(await codeOf({})).toBe(0)
  expect(await codeOf({ user: 4321 })).toBe(1)
  const { lines, exitCode, body } = await doctorWith(() => findings({ version: '18.0.0' })).run(context, [], {})
  expect(exitCode).toBe(2)
  expect(body).toMatchObject({ ok: false, errors: 1 })
  expect(lines.join('\n')).toMatch(/✗ Node\.js +version 18\.0\.0 is too old\n +→ /)
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(80)
})

test('doctor: programs that are not there say nothing', async () => {
  const { runProgram } = await import('../../functions/_runtime/doctor/machine.ts')
  expect(await runProgram('/no/such/program', [])).toBeNull()
  expect(await runProgram('node', ['--version'])).toBe(
    spawnSync('node', ['--version'], { encoding: 'utf8' }).stdout.trim(),
  )
})
