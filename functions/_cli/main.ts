#!/usr/bin/env node
/** `data-node`: looks at the version of Node.js before it loads anything that an older one cannot read, then runs one command. */
import { requireNodeVersion } from '../_runtime/node-version.ts'

requireNodeVersion()
const { readFile } = await import('node:fs/promises')
const { existsSync } = await import('node:fs')
const { resolve } = await import('node:path')
const { fileURLToPath } = await import('node:url')
const { runProgram } = await import('./program.ts')
const { doctorWith } = await import('./commands/doctor.ts')

/** Those that ship. The lab and the demo lie beside the tests, which a package leaves out. */
const SHIPPED: Record<string, () => Promise<unknown>> = {
  serve: () => import('../_runtime/serve.ts'),
  verify: () => import('../verify/main.ts'),
  backup: () => import('../backup/main.ts'),
  restore: () => import('../restore/main.ts'),
  pull: () => import('../pull/client/main.ts'),
}

/** In this process: it reads its arguments where its own `npm run` leaves them. */
async function start(program: string, argv: readonly string[]): Promise<void> {
  process.argv.splice(2, process.argv.length, ...argv)
  const shipped = SHIPPED[program]
  if (shipped !== undefined) return void (await shipped())
  const path = fileURLToPath(new URL(`../../test/${program}/main.js`, import.meta.url))
  if (!existsSync(path)) {
    process.stderr.write(`${program} is not in this package: in a checkout, run \`npm ci && npm run ${program}\`\n`)
    process.exitCode = 1
    return
  }
  await import(path)
}

// Who reads a pipe may have seen enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

const exitCode = await runProgram({
  argv: process.argv.slice(2),
  environment: async () => {
    const { ENV_FILE, withEnvFile } = await import('../_runtime/env-file.ts')
    return (await withEnvFile(process.env, resolve(ENV_FILE))).env
  },
  readFile: (path) => readFile(path, 'utf8'),
  out: process.stdout,
  err: process.stderr,
  elapsed: () => process.uptime() * 1000,
  version: async () => (await import('../_runtime/version.ts')).programVersion(),
  start,
  more: [
    doctorWith(async (health) => {
      const { diagnose } = await import('../_runtime/doctor/diagnose.ts')
      const { systemClock } = await import('../_runtime/clock.ts')
      return await diagnose({
        env: process.env,
        envFile: resolve('.env'),
        health,
        now: systemClock.now,
        elapsed: systemClock.elapsed,
        version: process.versions.node,
        user: process.getuid?.() ?? null,
      })
    }),
  ],
})
if (exitCode !== null) process.exitCode = exitCode
