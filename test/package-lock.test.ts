import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { OLDEST_NODE } from '../functions/_runtime/node-version.ts'

interface LockedPackage {
  os?: string[]
  cpu?: string[]
  optional?: boolean
  extraneous?: boolean
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, LockedPackage>
}

/** The machines the node is for. */
const MACHINES = [
  { os: 'linux', cpu: 'arm64' },
  { os: 'linux', cpu: 'x64' },
]

const allows = (list: string[] | undefined, name: string): boolean =>
  list === undefined || (list.includes(name) && !list.includes(`!${name}`))

test('lockfile: every package that one of our machines cannot install is optional, or npm before 11.12 refuses the whole lockfile', () => {
  const restricted = Object.entries(packages).filter(
    ([, { os, cpu }]) => !MACHINES.every((machine) => allows(os, machine.os) && allows(cpu, machine.cpu)),
  )
  expect(restricted.length).toBeGreaterThan(0)
  expect(restricted.filter(([, { optional }]) => optional !== true).map(([path]) => path)).toEqual([])
})

test('lockfile: nothing is extraneous, which older npm takes for a package to install', () => {
  expect(Object.entries(packages).filter(([, { extraneous }]) => extraneous === true)).toEqual([])
})

test('the oldest Node.js is the same in package.json and in the program', () => {
  expect(JSON.parse(readFileSync('package.json', 'utf8')).engines.node).toBe(`>=${OLDEST_NODE}`)
})
