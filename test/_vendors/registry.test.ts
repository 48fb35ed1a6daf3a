import { readdirSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { DATASETS } from '../../functions/_market/cell.ts'
import { addDays } from '../../functions/_market/dt.ts'
import { CONNECTORS, connectorOf } from '../../functions/_vendors/registry.ts'
import { FAULTS } from '../../functions/_vendors/vendor.ts'
import { expectSoundAnswer, expectSoundPlan, headOf, termsOf } from './contract.ts'
import { CANARIES, NOW, type Reply, type ScriptedVendor, scriptedVendor } from './scripted-vendor.ts'

let vendor: ScriptedVendor | undefined
afterEach(async () => vendor?.close())

describe('the registry of vendors', () => {
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

const oddAnswers: [string, Reply][] = [
  ['an empty object', { body: {} }],
  ['a list', { body: [] }],
  ['null', { body: 'null' }],
  ['a number', { body: '7' }],
  ['an error with status 200', { body: { error: 'sorry', message: 'sorry', error_message: 'sorry' } }],
  ['half an object', { body: '{"bars":{' }],
  ['nothing', { body: '' }],
  ['HTML', { contentType: 'text/html', body: '<html></html>' }],
  ['no content type', { contentType: '', body: '{}' }],
  ['a 418', { status: 418, body: 'teapot' }],
]

describe.each(CONNECTORS.map((connector) => ({ name: connector.name, connector })))(
  'the connector of $name',
  ({ connector }) => {
    it.each(connector.datasets)('plans %s soundly', (dataset) => {
      const head = headOf(dataset)
      const others = Array.from({ length: 9 }, (_, i) => ({ ...head, dt: addDays(head.dt, i + 1) }))
      const terms = termsOf(dataset, NOW)
      const plan = connector.plan(head, others, terms)
      expectSoundPlan(plan, head, others)
      expect(plan).toMatchObject({ vendor: connector.name, dataset, feed: terms.shape.feed })
      for (const secret of Object.values(CANARIES)) expect(JSON.stringify(plan)).not.toContain(secret)
    })

    it('proves who we are with every secret it names, and with nothing else', () => {
      const { headers, query } = connector.authorise(CANARIES)
      const shown = JSON.stringify([headers, query])
      for (const name of connector.secrets) expect(shown).toContain(JSON.stringify(CANARIES[name]).slice(1, -1))
      const strange = Object.entries(CANARIES).filter(([name]) => !connector.secrets.includes(name))
      for (const [, secret] of strange) expect(shown).not.toContain(secret)
    })

    it.each(oddAnswers)('takes %s for no data, complete nothing and explain', async (_what, reply) => {
      for (const dataset of connector.datasets) {
        vendor = await scriptedVendor(() => reply)
        const terms = termsOf(dataset, NOW)
        const plan = connector.plan(headOf(dataset), [], terms)
        const answer = await connector.ask(plan, terms, vendor.get(connector))
        expectSoundAnswer(answer, plan)
        expect(answer.complete.size).toBe(0)
        expect(answer.interruption).not.toBeNull()
        expect(answer.calls).toBe(1)
        await vendor.close()
      }
    })

    it('judges every status with a word of the closed list and never throws', () => {
      for (let status = 300; status < 600; status++) {
        for (const body of ['', 'text', 'null', '[]', '{"message":7}', '{"status":"NOT_FOUND"}']) {
          const error = connector.classify({ status, contentType: '', headers: {}, body })
          expect(FAULTS).toContain(error.fault)
          expect(error.vendor).toBe(connector.name)
          expect(error.status).toBe(status)
        }
      }
    })
  },
)
