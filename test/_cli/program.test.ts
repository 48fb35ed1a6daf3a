import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMMANDS } from '../../functions/_cli/commands/list.ts'
import { addressOf, runProgram } from '../../functions/_cli/program.ts'
import { PROGRAMS } from '../../functions/_cli/programs.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { startTestNode, type TestNode } from '../test-node.ts'

const TOKEN = 'a-token-of-this-test'

interface Ran {
  code: number | null
  out: string
  err: string
  started: string[]
}

async function data(argv: readonly string[], env: Record<string, string> = {}, colours = false): Promise<Ran> {
  const ran: Ran = { code: 0, out: '', err: '', started: [] }
  ran.code = await runProgram({
    argv,
    environment: async () => env,
    readFile: (path) => readFile(path, 'utf8'),
    out: {
      write: (text) => {
        ran.out += text
      },
      ...(colours ? { isTTY: true, columns: 80, hasColors: () => true } : {}),
    },
    err: {
      write: (text) => {
        ran.err += text
      },
    },
    elapsed: () => 0,
    version: async () => '1.2.3',
    start: async (program, rest) => void ran.started.push(program, ...rest),
  })
  return ran
}

/** What follows `data-node` in the example of a help, as a shell would split it. */
function exampleOf(help: string): string[] {
  const [, line = ''] = /Example:\n {2}data-node (.+)/.exec(help) ?? []
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}

describe('command line against a node', () => {
  let node: TestNode
  let receiver: Receiver
  let env: Record<string, string>

  beforeAll(async () => {
    receiver = await startReceiver()
    node = await startTestNode({ env: { DATA_NODE_TOKEN: TOKEN, WEBHOOK_URL: receiver.url } })
    await node.night()
    env = { DATA_NODE_URL: node.running().address, DATA_NODE_TOKEN: TOKEN }
  })
  afterAll(async () => {
    await node?.remove()
    await receiver.close()
  })

  // Before the examples, which decide about a cell of this partition.
  test('why says what the node does next', async () => {
    const { out } = await data(['why', 'equities_bars', 'AAPL', '2025-07-08'], env)
    expect(out).toContain('equities_bars AAPL 2025-07-08: present')
    expect(out).toMatch(/next +nothing before/)
  })

  test.each(COMMANDS.map(({ name }) => name))('the example in the help of %s runs', async (name) => {
    const help = await data([name, '--help'])
    expect(help.code).toBe(0)
    const ran = await data(exampleOf(help.out), env)
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out.length).toBeGreaterThan(10)
    expect(Math.max(...ran.out.split('\n').map(({ length }) => length))).toBeLessThan(80)
  })

  test('notify says what the receiver answered, and ends with 1 where it did not take the message', async () => {
    receiver.answer(200, 'thank you')
    const taken = await data(['notify', '--test'], env)
    expect(taken).toMatchObject({ code: 0 })
    expect(taken.out.replaceAll(/\s+/g, ' ')).toMatch(/took the test message, as json \(HTTP 200: thank you\)/)
    receiver.answer(404, 'no such topic')
    const refused = await data(['notify', '--test'], env)
    expect(refused).toMatchObject({ code: 1 })
    expect(refused.out.replaceAll(/\s+/g, ' ')).toMatch(/did not take the test message, as json \(HTTP 404: no such/)
    receiver.answer(200)
    expect(await data(['notify'], env)).toMatchObject({ code: 2, err: expect.stringContaining('--test is missing') })
  })

  test.each(COMMANDS.map(({ name }) => name))('%s --json prints one object of the node', async (name) => {
    const ran = await data([...exampleOf((await data([name, '--help'])).out), '--json'], env)
    expect(ran.out.trimEnd().split('\n')).toHaveLength(1)
    expect(JSON.parse(ran.out)).toMatchObject({ ok: true })
  })

  test('status shows the cells of each dataset as the node counts them, without colours in a pipe', async () => {
    const { out } = await data(['status'], env)
    expect(out).toMatch(/^ {2}equities_bars +2 +12 +0 +0 +0$/m)
    expect(out).toContain('newest bundle 2025-07-08')
    expect(out).not.toContain('\x1b')
    expect((await data(['status'], env, true)).out).toContain('\x1b[')
  })

  test('enqueue goes on until nothing is left, and sums the counts of its calls', async () => {
    const { out } = await data(
      ['enqueue', 'equities_bars', 'AAPL', '2025-06-30', '2025-07-08', '--again', '--json'],
      env,
    )
    expect(JSON.parse(out)).toMatchObject({ enqueued: 6, more: false })
  })

  test('call reads a body, and refuses one that is no JSON before anything is sent', async () => {
    expect((await data(['call', 'sweep', '{"dryRun":true}'], env)).code).toBe(0)
    const wrong = await data(['call', 'sweep', 'dryRun'], env)
    expect(wrong).toMatchObject({ code: 2, out: '' })
    expect(wrong.err).toContain('expected a JSON object')
  })

  test('an unknown chain, function or dataset is said in the words of the node', async () => {
    expect((await data(['run', 'noon'], env)).err).toContain('there are night')
    expect((await data(['call', 'nothing'], env)).err).toContain('no POST /nothing here')
    expect((await data(['coverage', 'nothing'], env)).code).toBe(1)
  })

  test('without a token, or with another one, the error names the variable', async () => {
    const { DATA_NODE_URL = '' } = env
    const none = await data(['status'], { DATA_NODE_URL })
    expect(none.err).toContain('set DATA_NODE_TOKEN in .env')
    const other = await data(['status'], { DATA_NODE_URL, DATA_NODE_TOKEN: 'another-token-of-this' })
    expect(other.err).toContain('does not know this token')
    expect(other.err).not.toContain('another-token')
    expect([none.code, other.code]).toEqual([1, 1])
  })

  test('a token comes from a file, and a file that is not there is named', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cli-'))
    const file = join(folder, 'token')
    await writeFile(file, `${TOKEN}\n`)
    const { DATA_NODE_URL = '' } = env
    expect((await data(['status', '--token-file', file], { DATA_NODE_URL })).code).toBe(0)
    const lost = await data(['status', '--token-file', `${file}2`], { DATA_NODE_URL })
    expect(lost).toMatchObject({ code: 2 })
    expect(lost.err).toContain(`${file}2 cannot be read (ENOENT)`)
    await rm(folder, { recursive: true })
  })
})

describe('command line without a node', () => {
  test('a node that is not there is started by the command that the error names', async () => {
    const probe = createServer()
    await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done))
    const { port } = probe.address() as AddressInfo
    await new Promise((done) => probe.close(done))
    const ran = await data(['status'], { PORT: String(port) })
    expect(ran).toMatchObject({ code: 1, out: '' })
    expect(ran.err).toContain(`no node listens at http://127.0.0.1:${port}: start it with \`data-node serve\``)
  })

  test('another program at the address is told from a node', async () => {
    const other = createServer((_request, reply) => reply.end('<html>'))
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done))
    const ran = await data(['status', '--url', `127.0.0.1:${(other.address() as AddressInfo).port}`])
    expect(ran.err).toContain('another program listens there')
    await new Promise((done) => other.close(done))
  })

  test('programs get everything that follows their name, and their help names an example', async () => {
    for (const { name } of PROGRAMS) {
      expect((await data([name, '--mode', 'exact', 'x'])).started).toEqual([name, '--mode', 'exact', 'x'])
      const help = await data([name, '--help'])
      if (help.started.length === 0) expect(exampleOf(help.out)[0], name).toBe(name)
    }
  })

  test('a wrong command line is code 2 and says where the help is', async () => {
    for (const argv of [['nothing'], ['why', 'equities_bars'], ['status', '--nothing'], ['completion', 'fish']]) {
      const ran = await data(argv)
      expect(ran.code, argv.join(' ')).toBe(2)
      expect(ran.err).not.toBe('')
    }
    expect((await data([])).code).toBe(2)
    expect((await data(['--help'])).code).toBe(0)
  })

  test('the version is that of the package', async () => {
    expect((await data(['version'])).out).toBe('1.2.3\n')
  })

  test('the address is the one given, else where a node of this environment listens', () => {
    expect(addressOf({}, undefined)).toBe('http://127.0.0.1:8080')
    expect(addressOf({ HOST: '0.0.0.0', PORT: '81' }, undefined)).toBe('http://127.0.0.1:81')
    expect(addressOf({ HOST: '::1', PORT: '' }, undefined)).toBe('http://[::1]:8080')
    expect(addressOf({ DATA_NODE_URL: 'http://pi.local:8080/' }, undefined)).toBe('http://pi.local:8080')
    expect(addressOf({ DATA_NODE_URL: 'http://pi.local:8080/' }, 'other:1')).toBe('http://other:1')
  })
})
