import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { OptionError } from '../demo/arguments.ts'
import { NOTE_EVERY_MS, openClock } from './lab-clock.ts'

const AT = Date.UTC(2024, 2, 9, 2)
const MACHINE = Date.UTC(2026, 0, 5, 10)

async function freshRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'data-node-lab-clock-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  return root
}

test('lab clock: a fresh root begins where it was told, and goes on behind what a killed lab has shown', async () => {
  const root = await freshRoot()
  const clock = await openClock(root, AT, 10, MACHINE)
  expect(clock.simulation).toEqual({ shown: AT, machine: MACHINE, speed: 10 })
  const noted = AT + 3_600_000
  await clock.note(noted)
  for (const at of [AT, undefined]) {
    const { simulation } = await openClock(root, at, 1, MACHINE + 86_400_000)
    expect(simulation).toMatchObject({ machine: MACHINE + 86_400_000, speed: 1 })
    // Killed just before its next note.
    expect(simulation.shown).toBeGreaterThan(noted + NOTE_EVERY_MS * 10)
    expect(simulation.shown).toBeLessThan(noted + 300_000)
  }
})

test('lab clock: another first instant than that of the root is refused with both', async () => {
  const root = await freshRoot()
  await (await openClock(root, AT, 10, MACHINE)).note(AT)
  const refused = await openClock(root, AT + 60_000, 10, MACHINE).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(OptionError)
  expect((refused as Error).message).toMatch(/began --at 2024-03-09T02:00:00.000Z, .* is --at 2024-03-09T02:01:00.000Z/)
})
