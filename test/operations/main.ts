/** Follows docs/operations.md on a blank Debian, word by word, with the lab in place of vendors, until a training box holds the first bundle. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandsUnder } from './blocks.ts'
import { blankMachine, makeRoot, whyNoMachine } from './machine.ts'
import { SERVICE, scriptOf } from './script.ts'

const SUITE = process.argv[2] ?? 'trixie'
const ROOT = process.env.OPERATIONS_ROOT ?? join(tmpdir(), `${SUITE}-root`)
const SYMBOLS = 3
const BUNDLE_WITHIN_SECONDS = 480
/** A root that a person worked in is blank again below the overlay. */
const BLANK = `hosts="127.0.0.1 localhost pi.local $(cat /proc/sys/kernel/hostname)"; echo "$hosts" >>/etc/hosts
rm -rf /usr/local/lib/node_modules/data-node /usr/local/bin/data-node /var/lib/data-node /etc/data-node.env /root/bundles
if id data-node >/dev/null 2>&1; then userdel data-node; fi`

/** A first night of minutes rather than hours: few symbols, twenty sessions. */
function shortenNight(config: string): void {
  const change = (file: string, by: (text: string) => string): void =>
    writeFileSync(join(config, file), by(readFileSync(join(config, file), 'utf8')))
  let symbols = 0
  change('universe.yaml', (text) =>
    text
      .split('\n')
      .filter((line) => !line.startsWith('  - ') || ++symbols <= SYMBOLS)
      .join('\n'),
  )
  change('datasets.yaml', (text) => text.replaceAll(/depth: \{ (years|sessions): \d+ \}/g, 'depth: { sessions: 20 }'))
}

async function follow(home: string): Promise<number> {
  const operations = readFileSync('docs/operations.md', 'utf8')
  const pull = readFileSync('docs/pull.md', 'utf8')
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', home])
  const machine = await blankMachine(ROOT, home)
  const labRoot = join(home, 'lab')
  const lab = machine.start([process.execPath, 'dist/test/lab/main.js', '--root', labRoot])
  try {
    await once(lab.stdout!, 'data')
    const keys = readFileSync(join(labRoot, 'lab.env'), 'utf8').match(/(?<=^export )(SIMULATED|APCA|MASSIVE|FRED).*$/gm)
    writeFileSync(join(labRoot, 'keys.env'), `${keys?.join('\n')}\n`)
    shortenNight(join(labRoot, 'config'))
    machine.put(labRoot, '/srv/lab')
    machine.put(join(home, 'data-node-0.1.0.tgz'), '/root/data-node-0.1.0.tgz')
    machine.put('/etc/resolv.conf', '/etc/resolv.conf')
    machine.put('/etc/ssl/certs/ca-certificates.crt', '/etc/ssl/certs/ca-certificates.crt')
    const certificates = 'export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt\n'
    const install = `cd\n${BLANK}\n${certificates}${scriptOf(commandsUnder(operations, 'Install'))}`
    if ((await machine.run(install, 'shared')) !== 0) return 1
    const first = scriptOf(commandsUnder(operations, 'From a blank Raspberry Pi OS to the first bundle'))
    return await machine.run(
      `cd
${SERVICE}
mkdir -p /etc/systemd/system
cp /srv/lab/config/*.yaml "$(npm root -g)/data-node/config/"
${first}
for _ in $(seq ${BUNDLE_WITHIN_SECONDS}); do [ -e /var/lib/data-node/exports/latest ] && break; sleep 1; done
export DATA_NODE_READ_TOKEN="$(sed -n 's/^DATA_NODE_READ_TOKEN=//p' /etc/data-node.env | tail -1)"
mkdir -p /srv/box && cd /srv/box
${scriptOf(commandsUnder(pull, 'The pull client'))}
cd ~/bundles/latest/ && sha256sum --check --quiet SHA256SUMS && echo "the first bundle is pulled: $(wc -l <SHA256SUMS) files, all sums match"
stop_node`,
      'own',
    )
  } finally {
    machine.end()
    if (lab.exitCode === null) {
      lab.kill('SIGTERM')
      await once(lab, 'close')
    }
  }
}

/** Packages that cannot be had here are no fault of the document. */
function whyNoRoot(): string | null {
  try {
    makeRoot(ROOT, SUITE)
    return null
  } catch (error) {
    return `no root could be made at ${ROOT}: ${error instanceof Error ? error.message : error}`
  }
}

const why = whyNoMachine(ROOT) ?? whyNoRoot()
if (why !== null) console.log(`operations: skipped, because ${why}`)
else {
  const home = mkdtempSync(join(tmpdir(), 'operations-'))
  try {
    process.exitCode = await follow(home)
    console.log(
      process.exitCode === 0 ? `operations: every command ran on ${SUITE}` : 'operations: a command failed, see above',
    )
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
