import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DATASETS } from '../../functions/_market/cell.ts'
import { CONNECTORS, connectorOf } from '../../functions/_vendors/registry.ts'
import { holdsTheContract } from './connector-contract.ts'

describe('registry: the registry of vendors', () => {
  it('lists every folder of the room once, under its name', () => {
    const folders = readdirSync(new URL('../../functions/_vendors', import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
    expect(CONNECTORS.map((one) => one.name).sort()).toEqual(folders.sort())
  })

  it('finds a vendor by name and names those there are otherwise', () => {
    expect(connectorOf('fred').name).toBe('fred')
    expect(() => connectorOf('freud')).toThrow(/alpaca, massive, fred.*"freud"/)
  })

  it('has a vendor for every dataset', () => {
    const served = new Set(CONNECTORS.flatMap((one) => one.datasets))
    expect([...served].sort()).toEqual([...DATASETS].sort())
  })
})

for (const connector of CONNECTORS) holdsTheContract(connector)
