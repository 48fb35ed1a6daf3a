import { describe, expect, test } from 'vitest'
import type { Config } from '../../config/schema.ts'
import { virtualClock } from '../../functions/_runtime/clock.ts'
import {
  checkSimulation,
  evidenceOfSimulated,
  SimulationText,
  simulationText,
} from '../../functions/_runtime/simulated-clock.ts'

const vendorsAt = (base_url: string, trading_url?: string): Config['vendors'] =>
  ({ alpaca: { base_url, ...(trading_url ? { trading_url } : {}) } }) as unknown as Config['vendors']

describe('simulated clock: the vendors', () => {
  test.each([
    'http://127.0.0.1:8090',
    'http://localhost:8090',
    'http://127.8.9.1',
    'http://10.0.0.7:8090',
    'http://172.16.0.1',
    'http://172.31.255.255',
    'http://192.168.1.20:8090',
    'http://[::1]:8090',
    'http://[fd00::7]:8090',
  ])('%s is on this machine or in a private network', (url) => {
    expect(() => checkSimulation(vendorsAt(url, url), null)).not.toThrow()
  })

  test.each([
    'https://data.alpaca.markets',
    'https://api.stlouisfed.org',
    'http://8.8.8.8',
    'http://172.32.0.1',
    'http://192.169.0.1',
    'http://[2001:db8::1]',
    'http://localhost.example.org',
    'http://127.0.0.1.example.org',
    'http://127.0.0.1@data.alpaca.markets/',
  ])('%s is refused in one sentence that names the vendor', (url) => {
    const sentence = /^SIMULATED_CLOCK is set, but vendor alpaca is at [^\n]+ unset SIMULATED_CLOCK[^\n]+$/
    expect(() => checkSimulation(vendorsAt(url), null)).toThrow(sentence)
    expect(() => checkSimulation(vendorsAt('http://127.0.0.1:8090', url), null)).toThrow(sentence)
  })

  test('a database server has a clock of its own, so both exclude each other', () => {
    expect(() => checkSimulation({}, 'http://127.0.0.1:8081')).toThrow(/exclude each other/)
  })
})

test('simulated clock: its text is read back as it was', () => {
  const simulation = { shown: Date.UTC(2024, 2, 9, 2), machine: Date.UTC(2026, 0, 5, 10), speed: 2.5 }
  expect(SimulationText.parse(simulationText(simulation))).toEqual(simulation)
})

test('simulated clock: a clock of the machine that lies before the build is doubted under its simulated hour as well', () => {
  const machine = Date.UTC(2026, 0, 5, 10)
  const simulation = { shown: Date.UTC(2024, 2, 9, 2), machine, speed: 10 }
  const shownAtBuild = (builtAt: number) =>
    evidenceOfSimulated(simulation, { builtAt, isSynchronised: async () => null }).builtAt
  const now = virtualClock(simulation.shown).now()
  expect(shownAtBuild(machine - 60_000)).toBeLessThan(now)
  expect(shownAtBuild(machine + 60_000)).toBe(now + 600_000)
})
