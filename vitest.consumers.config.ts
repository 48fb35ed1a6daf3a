/** What others read a bundle with: Python libraries, installed into a folder of their own. Run `npm run build` first. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['test/consumers/**/*.test.ts'], maxWorkers: 1, testTimeout: 300_000, hookTimeout: 600_000 },
})
