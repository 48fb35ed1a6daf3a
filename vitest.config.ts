/** Unit and contract tests; whole nights live under test/e2e and have their own command. */
import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/e2e/**', 'test/consumers/**', 'dist/**'],
    // DuckDB and the lab use threads of their own; more workers than cores only make tests time out.
    maxWorkers: 2,
    // A file leaves nothing behind in the modules it shares with the next; loading them anew for each took a third of the time.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
