/** Brings everything written to a file system to its disk at once: for thousands of small files a sync of each takes ten times as long. */
import { spawn } from 'node:child_process'

/** False where the system has no such thing, or it failed. */
export async function syncFileSystem(folder: string, platform: string = process.platform): Promise<boolean> {
  // Elsewhere `sync` returns before the data is on the disk.
  if (platform !== 'linux') return false
  return await new Promise((resolve) => {
    const child = spawn('sync', ['-f', folder], { stdio: 'ignore' })
    child.on('error', () => resolve(false))
    child.on('close', (code) => resolve(code === 0))
  })
}
