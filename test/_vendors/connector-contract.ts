/** The contract of every connector as tests. A new vendor's folder is proved by one line: `holdsTheContract(connector)`. */
import { afterEach, describe, expect, it } from 'vitest'
import { CALENDARS } from '../../functions/_calendar/calendar.ts'
import { addDays } from '../../functions/_market/dt.ts'
import { FAULTS } from '../../functions/_market/outcome.ts'
import type { Connector } from '../../functions/_vendors/vendor.ts'
import { expectSoundAnswer, expectSoundPlan, headOf, termsOf } from './contract.ts'
import { CANARIES, NOW, type Reply, type ScriptedVendor, scriptedVendor } from './scripted-vendor.ts'

/** Secrets of a connector the list of canaries does not know yet. */
const canariesOf = ({ secrets }: Connector): Record<string, string> =>
  Object.fromEntries(secrets.filter((name) => !(name in CANARIES)).map((name) => [name, `canary-of-${name}`]))

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

/** States what every connector must hold, whatever its vendor: the tests a new one needs. */
export function holdsTheContract(connector: Connector): void {
  describe(`the connector of ${connector.name}`, () => {
    let vendor: ScriptedVendor | undefined
    afterEach(async () => vendor?.close())

    it.each(connector.datasets)('plans %s soundly', (dataset) => {
      const head = headOf(dataset)
      const others = Array.from({ length: 9 }, (_, i) => ({ ...head, dt: addDays(head.dt, i + 1) }))
      const terms = termsOf(dataset, NOW)
      const plan = connector.plan(head, others, terms)
      expectSoundPlan(plan, head, others)
      expect(plan).toMatchObject({ vendor: connector.name, dataset, feed: terms.shape.feed })
      for (const secret of Object.values(CANARIES)) expect(JSON.stringify(plan)).not.toContain(secret)
    })

    it.each(connector.datasets)(
      'plans and asks %s on the first and the last days of every calendar',
      async (dataset) => {
        vendor = await scriptedVendor(() => ({ body: {} }))
        for (const { first, last, sessions } of Object.values(CALENDARS)) {
          const days = [...sessions(first, addDays(first, 9)), ...sessions(addDays(last, -9), last), first, last]
          for (const dt of days) {
            const head = headOf(dataset, dt)
            const others = days.filter((other) => other !== dt).map((other) => ({ ...head, dt: other }))
            for (const now of [NOW, Date.parse(`${dt}T12:00:00Z`)]) {
              const terms = termsOf(dataset, now)
              const plan = connector.plan(head, others, terms)
              expect(plan.wants).toContainEqual(head)
              const secrets = { ...CANARIES, ...canariesOf(connector) }
              expectSoundAnswer(await connector.ask(plan, terms, vendor.get(connector, { secrets })), plan)
            }
          }
        }
      },
    )

    it('proves who we are with every secret it names, and with nothing else', () => {
      const secrets = { ...CANARIES, ...canariesOf(connector) }
      const { headers, query } = connector.authorise(secrets)
      const shown = JSON.stringify([headers, query])
      for (const name of connector.secrets) expect(shown).toContain(JSON.stringify(secrets[name]).slice(1, -1))
      const strange = Object.entries(secrets).filter(([name]) => !connector.secrets.includes(name))
      for (const [, secret] of strange) expect(shown).not.toContain(secret)
    })

    it.each(oddAnswers)('takes %s for no data, complete nothing and explain', async (_what, reply) => {
      for (const dataset of connector.datasets) {
        vendor = await scriptedVendor(() => reply)
        const terms = termsOf(dataset, NOW)
        const plan = connector.plan(headOf(dataset), [], terms)
        const answer = await connector.ask(
          plan,
          terms,
          vendor.get(connector, { secrets: { ...CANARIES, ...canariesOf(connector) } }),
        )
        expectSoundAnswer(answer, plan)
        expect(answer.complete.size).toBe(0)
        expect(answer.interruption).not.toBeNull()
        expect(answer.calls).toBe(1)
        await vendor.close()
      }
    })

    it('says of 401 that the key is refused, and never of a budget that is spent or a vendor in trouble', () => {
      const refusesKey = (status: number): boolean =>
        connector.classify({ status, contentType: '', headers: {}, body: '' }).refusesKey
      expect([401, 400, 404, 429, 500, 503].map(refusesKey)).toEqual([true, false, false, false, false, false])
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
  })
}
