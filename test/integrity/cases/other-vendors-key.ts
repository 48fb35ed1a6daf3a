/** A vendor answers with the key of another vendor in its words. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { LAB_KEYS } from '../../lab/lab.ts'
import type { Case } from '../case.ts'
import { removeFolder, touchAll } from '../damage.ts'
import { judge } from '../judge.ts'
import { atWork, filesBelow, playNight } from '../night.ts'

const KEYS = [LAB_KEYS.massive, LAB_KEYS.fred, LAB_KEYS.alpaca.secret]

export const otherVendorsKey: Case = {
  fault: "a vendor's answers hold the keys of all vendors",
  expected: ['healed', 'told'],
  async run(workshop) {
    const stage = await workshop.copy()
    removeFolder(stage.root, 'data_layer/raw/alpaca/equities_bars')
    await touchAll(stage.root)
    const server = createServer((_request, response) => {
      response.writeHead(403, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ message: `forbidden for ${KEYS.join(' and ')}` }))
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const lines = await atWork(
      stage,
      async ({ post, get, lines: said }) => {
        await post('/audit', { rebuild: true })
        await post('/audit')
        const answers = [await post('/dispatch-one-task'), await post('/dispatch-one-task'), await get('/quarantine')]
        answers.push(await get('/why/equities_bars/AAPL/2025-07-07'), await get('/status'), await get('/vendors'))
        return [...said, ...answers.map(({ body }) => JSON.stringify(body))]
      },
      { urls: { alpaca: url } },
    )
    server.close()
    const texts = filesBelow(stage.root).map((name) => readFileSync(join(stage.root, name), 'latin1'))
    const hits = [...lines, ...texts].filter((text) => KEYS.some((key) => text.includes(key))).length
    const judged = await judge(stage.root, workshop.undisturbed, [await playNight(stage), await playNight(stage)])
    if (hits > 0) return { injections: 1, ...judged, did: 'wrong', note: `a key stands in ${hits} texts` }
    return {
      injections: 1,
      ...judged,
      note: `no key in ${lines.length} answers and ${texts.length} files; ${judged.note}`,
    }
  },
}
