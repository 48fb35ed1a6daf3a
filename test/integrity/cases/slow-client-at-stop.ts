/** A client that sends its request a byte at a time is attached when the node is told to stop. */
import { connect } from 'node:net'
import type { Case } from '../case.ts'
import { judge } from '../judge.ts'
import { atWork } from '../night.ts'

/** Docker kills after ten. */
const MOST_SECONDS = 8

export const slowClientAtStop: Case = {
  fault: 'a client sends its request a byte at a time while the node is told to stop',
  expected: ['healed'],
  async run(workshop) {
    const stage = await workshop.copy()
    let begun = 0
    await atWork(stage, async ({ running }) => {
      const { hostname, port } = new URL(running.address)
      const socket = connect(Number(port), hostname)
      socket.on('error', () => undefined)
      socket.write('POST /audit HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n{')
      const drip = setInterval(() => socket.write(' '), 100)
      socket.once('close', () => clearInterval(drip))
      await new Promise((done) => setTimeout(done, 300))
      begun = performance.now()
    })
    const seconds = (performance.now() - begun) / 1000
    const judged = await judge(stage.root, workshop.undisturbed, [])
    const note = `stopped after ${seconds.toFixed(1)} s`
    return { injections: 1, ...judged, note, did: seconds <= MOST_SECONDS ? judged.did : 'wrong' }
  },
}
