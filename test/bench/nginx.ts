/** nginx as a peer, where it is installed: one worker that serves a folder by sendfile. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'

export interface NginxServer {
  address: string
  stop(): void
}

/** Null where it is not installed. Rejects when it does not start. */
export async function startNginx(root: string, folder: string): Promise<NginxServer | null> {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' })
  } catch {
    return null
  }
  await mkdir(folder, { recursive: true })
  const port = await freePort()
  const file = join(folder, 'nginx.conf')
  await writeFile(file, configuration(root, folder, port))
  const child = spawn('nginx', ['-c', file, '-p', folder, '-e', join(folder, 'error.log')], { stdio: 'inherit' })
  const address = `http://127.0.0.1:${port}`
  await untilServed(address, child)
  return { address, stop: () => void child.kill('SIGTERM') }
}

const TEMP_KINDS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

const configuration = (root: string, folder: string, port: number): string => `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
events { worker_connections 64; }
http {
  access_log off;
  sendfile on;
${TEMP_KINDS.map((kind) => `  ${kind}_temp_path ${join(folder, kind)};`).join('\n')}
  server { listen 127.0.0.1:${port}; root ${root}; }
}
`

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done))
  const { port } = probe.address() as { port: number }
  await new Promise((done) => probe.close(done))
  return port
}

async function untilServed(address: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    if (
      await fetch(address).then(
        () => true,
        () => false,
      )
    )
      return
    await new Promise((done) => setTimeout(done, 20))
  }
  throw new Error('nginx is installed and does not start: see its error log')
}
