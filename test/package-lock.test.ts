import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { OLDEST_NODE } from '../functions/_runtime/node-version.ts'

interface LockedPackage {
  version?: string
  integrity?: string
  libc?: string[]
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

test('lockfile: whatever is built for Linux on x64 is pinned for Linux on arm64 too, in the same version and C library', () => {
  const builds = Object.entries(packages).filter(
    ([, { os, cpu }]) => os?.includes('linux') === true && cpu?.length === 1 && cpu[0] === 'x64',
  )
  expect(builds.length).toBeGreaterThan(0)
  const lacking = builds.filter(([path, { version, libc }]) => {
    const twin = packages[path.replace(/x64|x86_64/, 'arm64')]
    return (
      twin?.version !== version ||
      twin?.libc?.join() !== libc?.join() ||
      twin?.integrity === undefined ||
      !MACHINES.every(({ os }) => allows(twin.os, os)) ||
      !allows(twin.cpu, 'arm64')
    )
  })
  expect(lacking.map(([path]) => path)).toEqual([])
})
