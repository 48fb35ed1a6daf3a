/** Whole nights: the built demo and the built node as processes, two files at a time. Run `npm run build` first. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['test/e2e/**/*.test.ts'], maxWorkers: 2, testTimeout: 900_000, hookTimeout: 900_000 },
})
