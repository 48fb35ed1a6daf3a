/** The package as `npm pack` makes it, run from a folder that is not its own, against the lab. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

let home: string
let working: string
let program: string
let files: string[]
const children: ChildProcess[] = []

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'package-'))
  working = join(home, 'working')
  await mkdir(working)
  // Built already: the script that builds would delete nothing, and takes half a minute.
  const { stdout } = await promisify(execFile)('npm', [
    'pack',
    '--json',
    '--ignore-scripts',
    '--pack-destination',
    home,
  ])
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[]
  files = packed!.files.map(({ path }) => path)
  await promisify(execFile)('tar', ['-xzf', join(home, packed!.filename), '-C', home])
  await symlink(resolve('node_modules'), join(home, 'package/node_modules'))
  program = join(home, 'package/dist/functions/_cli/main.js')
})
afterAll(async () => {
  for (const child of children.filter(({ exitCode }) => exitCode === null)) {
    child.kill('SIGTERM')
    await new Promise((done) => child.once('close', done))
  }
  await rm(home, { recursive: true, force: true })
})

interface Ran {
  code: number
  out: string
  err: string
}

const data = (...argv: string[]): Promise<Ran> =>
  new Promise((done) => {
    execFile(process.execPath, [program, ...argv], { cwd: working }, (error, out, err) =>
      done({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    )
  })

/** Starts a process and waits until it has said something. */
async function begin(argv: readonly string[], cwd: string, said: string): Promise<void> {
  const child = spawn(process.execPath, argv, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let text = ''
  await new Promise<void>((done, fail) => {
    const listen = (chunk: Buffer): void => {
      text += chunk
      if (text.includes(said)) done()
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.once('close', () => fail(new Error(`${argv.join(' ')} ended: ${text}`)))
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return Math.min(port, 65_000)
}

test('package: it holds what runs, and neither sources nor tests nor secrets', () => {
  for (const path of [
    'dist/functions/_cli/main.js',
    'migrations/meta/_journal.json',
    'config/datasets.yaml',
    'cron.json',
  ])
    expect(files).toContain(path)
  expect(files.filter((path) => /\.ts$|\.map$|test\/|(^|\/)\.env$|_snapshot\.json$/.test(path))).toEqual([])
})

test('package: it shows its help and its version in an empty folder, and says where the lab is', async () => {
  expect(await data('--help')).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Usage: data-node') })
  expect((await data('version')).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect(await data('demo')).toMatchObject({ code: 1, err: expect.stringContaining('npm ci && npm run demo') })
  expect(await data('status', '--url', `127.0.0.1:${await freePort()}`)).toMatchObject({
    code: 1,
    err: expect.stringContaining('data-node serve'),
  })
})

test('package: a node plays against the lab from a folder of its own, and every command finds it', async () => {
  const [labPort, port] = [await freePort(), await freePort()]
  const lab = join(home, 'lab')
  await begin(
    [resolve('dist/test/lab/main.js'), '--root', lab, '--port', String(labPort)],
    resolve('.'),
    'until Ctrl-C',
  )
  const env = (await readFile(join(lab, 'lab.env'), 'utf8')).replaceAll(/^PORT=.*$/gm, '')
  await writeFile(join(working, '.env'), `${env}\nPORT=${port}\n`, { mode: 0o600 })
  await begin([program, 'serve'], working, 'start.listening')
  const status = await data('status', '--json')
  expect(JSON.parse(status.out)).toMatchObject({ ok: true })
  expect((await data('call', 'audit')).out).toContain('gaps')
  const doctor = await data('doctor', '--json')
  expect(JSON.parse(doctor.out)).toMatchObject({
    findings: expect.arrayContaining([expect.objectContaining({ check: 'configuration', level: 'ok' })]),
  })
  expect((await data('backup', join(home, 'copy'), '--accept-new')).out).toContain('Backed up to')
  expect((await data('restore', join(home, 'copy'), '--to', join(home, 'restored'))).out).toContain('Restored')
})
