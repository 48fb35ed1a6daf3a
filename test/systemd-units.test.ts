import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'

const units = readdirSync('config')
  .filter((name) => /\.(service|timer)$/.test(name))
  .map((name) => `config/${name}`)
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

const analyze = (...argv: string[]) => spawnSync('systemd-analyze', argv, { encoding: 'utf8' })

test.skipIf(!hasSystemd)('units: systemd finds nothing wrong with those of the node', () => {
  const own = units.filter((path) => !path.includes('pull'))
  expect(own.length).toBe(3)
  const { status, stderr } = analyze('verify', ...own)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})

test.skipIf(!hasSystemd)('units: the exposure of the node is below 3.0', () => {
  const { stdout } = analyze('security', '--offline=true', '--threshold=30', 'config/data-node.service')
  const [, level = '10'] = /Overall exposure level for data-node\.service: ([\d.]+)/.exec(stdout) ?? []
  expect(Number(level)).toBeLessThan(3)
})
