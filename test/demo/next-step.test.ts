import { expect, test } from 'vitest'
import { inDemoWords, pagesOf, pathText, quoted, serveCommand, servedAddress } from './next-step.ts'
import { type Options, readOptions } from './options.ts'

const options = (...argv: string[]): Options => readOptions(argv) as Options

/** The arguments of a command as a shell would pass them; none of these have spaces. */
const wordsOf = (lines: string[]): string[] =>
  lines
    .map((line) => line.replace(/ \\$/, ''))
    .join(' ')
    .trim()
    .split(/\s+/)
    .slice(4)

test('serve command: it is the command of this night with --serve and a port', () => {
  const argv = ['--root', '/tmp/a', '--seed', '7', '--symbols', 'SPY,AAPL', '--alpaca-data', '/data/bars', '--json']
  const proposed = options(...wordsOf(serveCommand(options(...argv), 79)))
  expect(proposed).toEqual({ ...options(...argv), json: false, serve: true, port: 8080 })
  expect(serveCommand(options(), 79)).toEqual(['  npm run demo -- --port 8080 --serve'])
})

test('serve command: a long one is broken into lines of the width that a shell joins', () => {
  const argv = ['--symbols', 'SPY,AAPL,BRK.B', '--alpaca-data', '/data/of/alpaca', '--fred-data', '/data/of/fred']
  const lines = serveCommand(options('--root', '/some/where/else', ...argv), 60)
  expect(lines.length).toBeGreaterThan(1)
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(60)
  expect(lines.slice(0, -1).every((line) => line.endsWith(' \\'))).toBe(true)
})

test('serve command: what a shell would read otherwise is quoted', () => {
  expect(quoted("it's here")).toBe("'it'\\''s here'")
  expect(quoted('/plain/path-1.0')).toBe('/plain/path-1.0')
})

test('pages: they name a real cell, at the port that was given', () => {
  const cell = { dataset: 'corporate_actions', symbol: 'NVDA', dt: '2024-06-10' }
  const pages = pagesOf(servedAddress(options('--port', '9000')), [cell])
  expect(pages.at(-1)).toBe('  http://localhost:9000/why/corporate_actions/NVDA/2024-06-10')
})

test('path text: a path below the folder is shown from there, another as a whole', () => {
  expect(pathText('/home/me/node/demo-root', '/home/me/node')).toBe('demo-root')
  expect(pathText('/tmp/demo-root', '/home/me/node')).toBe('/tmp/demo-root')
})

test('messages of the node name the options of the demo, not variables', () => {
  const said = [
    'port 8080 on 127.0.0.1 is taken by another program: set PORT to a free one',
    'another data node is already running on /r/data_layer: stop it, or give this one a DATA_ROOT and an EXPORT_ROOT of its own',
    '/r cannot be used (EACCES): give DATA_ROOT and EXPORT_ROOT folders this user may read and write',
  ].map(inDemoWords)
  expect(said.join('\n')).not.toMatch(/\b[A-Z]+_ROOT\b|\bPORT\b/)
  expect(said[0]).toContain('set --port to a free one')
  expect(said[1]).toContain('give this one another --root')
})
