import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { alpaca } from '../../functions/_vendors/alpaca/index.ts'
import { fred } from '../../functions/_vendors/fred/index.ts'
import { massive } from '../../functions/_vendors/massive/index.ts'
import { redactorOf } from '../../functions/_vendors/redact.ts'
import type { VendorError } from '../../functions/_vendors/vendor.ts'
import { errorOf, QUESTION, refusal } from './refusal.ts'
import { CANARIES, type Script, scriptedVendor } from './scripted-vendor.ts'

describe('redact: secrets', () => {
  const spelled = Object.values(CANARIES).flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ])
  const expectSilent = (error: VendorError): void => {
    const shown = [
      error.message,
      error.sample,
      String(error.stack),
      JSON.stringify(error),
      inspect(error, { depth: null, showHidden: true }),
    ]
    for (const secret of spelled) expect(shown.join('\n')).not.toContain(secret)
    expect(error.cause).toBeUndefined()
  }
  /** Says back everything it was told, as a careless proxy would. */
  const echo = (url: URL, headers: object): object => {
    const told = JSON.stringify({ query: Object.fromEntries(url.searchParams), search: url.search, headers })
    return { message: told, error: told, error_message: told }
  }

  for (const connector of [alpaca, massive, fred]) {
    it.each([400, 401, 403, 404, 422, 429, 500, 504])(
      `of ${connector.name} are not in the error of an echoed %i`,
      async (status) => {
        expectSilent(await refusal((url, request) => ({ status, body: echo(url, request.headers) }), connector))
      },
    )

    it.each(Object.entries(CANARIES).filter(([name]) => !connector.secrets.includes(name)))(
      `of another vendor (%s) are not in an answer or an error of ${connector.name}`,
      async (_name, secret) => {
        const told = [secret, encodeURIComponent(secret), btoa(`:${secret}`), btoa(secret)]
        const ours = Object.fromEntries(connector.secrets.map((name) => [name, CANARIES[name] ?? '']))
        for (const [status, body] of [
          [200, { data: told }],
          [403, { message: told.join(' ') }],
          [200, `not json ${told}`],
        ] as const) {
          const vendor = await scriptedVendor(() => ({ status, body }))
          const get = vendor.get(connector, { secrets: ours, otherSecrets: Object.values(CANARIES) })
          const shown = await get(QUESTION).then(
            ({ body: said }) => said,
            (error: VendorError) => `${error.message} ${error.sample}`,
          )
          for (const spelling of told) expect(shown).not.toContain(spelling.replace(/=+$/, ''))
          await vendor.close()
        }
      },
    )

    it(`of ${connector.name} are not in the error of a page, a redirect, a broken body or a dead line`, async () => {
      const page: Script = (url, request) => ({
        contentType: 'text/html',
        body: `${url.search}${JSON.stringify(request.headers)}`,
      })
      expectSilent(await refusal(page, connector))
      const away: Script = (url) => ({ status: 301, headers: { location: `http://example.invalid/${url.search}` } })
      expectSilent(await refusal(away, connector))
      const reset: Script = (_url, request) => {
        request.socket.destroy()
        return 'handled'
      }
      expectSilent(await refusal(reset, connector))
      expectSilent(await refusal(() => 'handled', connector, { timeoutMs: 50 }))
      const gone = await scriptedVendor(() => 'handled')
      await gone.close()
      expectSilent(await errorOf(gone.get(connector)))
    })

    it(`of ${connector.name} are gone from a body before anyone reads it`, async () => {
      const vendor = await scriptedVendor((url, request) => ({ body: echo(url, request.headers) }))
      const answer = await vendor.get(connector)(QUESTION)
      await vendor.close()
      for (const secret of spelled) expect(answer.body).not.toContain(secret)
    })
  }

  it('in the name of the host of a redirect are removed', async () => {
    const secret = CANARIES.MASSIVE_API_KEY ?? ''
    const error = await refusal(() => ({ status: 302, headers: { location: `http://${secret}.invalid/` } }))
    expectSilent(error)
    expect(error.message).toContain('[secret].invalid')
  })

  it('with capitals are removed from the name of a host, which is shown in small letters', () => {
    expect(redactorOf(['CANARY-In-Capitals']).text('redirected to canary-in-capitals.invalid')).toBe(
      'redirected to [secret].invalid',
    )
  })

  it('too short to be touched inside data are still removed from messages and samples', async () => {
    const more = { secrets: { MASSIVE_API_KEY: 'k3y!z' } }
    const echoed = await refusal(() => ({ status: 400, body: { error: 'what is k3y!z?' } }), massive, more)
    expect(inspect(echoed)).not.toContain('k3y!z')
    expect(echoed.message).toContain('what is [secret]?')
    const served = await refusal(() => ({ contentType: 'text/plain', body: 'k3y!z' }), massive, more)
    expect(served.sample).toBe('[secret]')
  })

  it('of which one holds the other leave no remainder', () => {
    expect(redactorOf(['canary-a', 'canary-a-and-more']).text('canary-a-and-more canary-a')).toBe('[secret] [secret]')
  })

  it('that lie across the end of a sample are removed whole', async () => {
    const secret = CANARIES.MASSIVE_API_KEY ?? ''
    const error = await refusal(() => ({ contentType: 'text/plain', body: `${'x'.repeat(490)}${secret}` }))
    expect(error.sample).not.toContain(secret.slice(0, 8))
  })
})
