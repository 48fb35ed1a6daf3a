/** Whole nights: the built demo and the built node as processes, one at a time. Run `npm run build` first. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['test/e2e/**/*.test.ts'], fileParallelism: false, testTimeout: 300_000, hookTimeout: 300_000 },
})
