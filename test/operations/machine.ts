/** A blank Debian in namespaces of its own: a root by mmdebstrap below an overlay that is gone afterwards, and a network that is its own where asked. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'

const PACKAGES = 'ca-certificates,curl,iproute2,nodejs,npm,openssl,sudo'

const isThere = (program: string): boolean => {
  try {
    execFileSync('which', [program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Why no machine can be made here; null where one can. */
export function whyNoMachine(root: string): string | null {
  if (process.getuid?.() !== 0) return 'only root may make namespaces and mounts'
  const lacking = ['unshare', 'nsenter', 'chroot', 'ip'].filter((program) => !isThere(program))
  if (lacking.length > 0) return `${lacking.join(', ')} is not installed`
  if (!existsSync(root) && !isThere('mmdebstrap')) return `there is no root at ${root}, and mmdebstrap is not installed`
  return null
}

/** Makes the root once; later runs find it. */
export function makeRoot(root: string, suite: string): void {
  if (existsSync(join(root, 'usr/bin/npm'))) return
  const half = `${root}.half`
  execFileSync('rm', ['-rf', half])
  execFileSync('mmdebstrap', ['--variant=minbase', `--include=${PACKAGES}`, suite, half], { stdio: 'inherit' })
  renameSync(half, root)
}

export interface BlankMachine {
  /** Copies a file or folder of this machine into the blank one, under that name. */
  put(from: string, to: string): void
  run(script: string, network: 'own' | 'shared'): Promise<number>
  /** Starts a program of this machine in the blank machine's network. */
  start(argv: readonly string[]): ChildProcess
  end(): void
}

const ended = (child: ChildProcess): Promise<number> =>
  new Promise((done) => child.once('close', (code) => done(code ?? 1)))

export async function blankMachine(root: string, home: string): Promise<BlankMachine> {
  const top = join(home, 'top')
  const mounted = join(home, 'root')
  mkdirSync(top)
  mkdirSync(mounted)
  const script = `set -e
mount -t tmpfs -o mode=755 top ${top}
mkdir ${top}/upper ${top}/work
mount -t overlay root -o lowerdir=${root},upperdir=${top}/upper,workdir=${top}/work ${mounted}
mount -t proc proc ${mounted}/proc
mount --rbind /dev ${mounted}/dev
ip link set lo up
echo ready
exec sleep infinity`
  const flags = ['--mount', '--net', '--pid', '--fork', '--kill-child']
  const holder = spawn('unshare', [...flags, 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise<void>((done, fail) => {
    holder.stdout.once('data', () => done())
    holder.once('close', () => fail(new Error('the namespaces could not be made; the lines above say why')))
  })
  const inside = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim()
  const enter = ['--target', inside, '--mount', '--pid']
  return {
    put(from, to) {
      execFileSync('nsenter', [...enter, 'cp', '-rLT', from, join(mounted, to)])
    },
    run(text, network) {
      const net = network === 'own' ? ['--net'] : []
      const argv = [...enter, ...net, 'chroot', mounted, 'bash', '-e', '-o', 'pipefail', '-c', text]
      const env = {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: '/root',
        LANG: 'C.UTF-8',
      }
      return ended(spawn('nsenter', argv, { env, stdio: ['ignore', 'inherit', 'inherit'] }))
    },
    start: (argv) => spawn('nsenter', ['--target', inside, '--net', ...argv], { stdio: ['ignore', 'pipe', 'inherit'] }),
    end: () => void holder.kill('SIGKILL'),
  }
}
