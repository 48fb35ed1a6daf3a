/** Unit and contract tests that end in seconds. Long ones (`*.long.test.ts`), scenarios through several functions, whole nights, and consumers of a bundle have commands of their own. */
import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      ...configDefaults.exclude,
      'test/**/*.long.test.ts',
      'test/scenarios/**',
      'test/e2e/**',
      'test/consumers/**',
      'dist/**',
    ],
    // DuckDB and the lab use threads of their own; more workers than cores only make tests time out.
    maxWorkers: 2,
    // A file leaves nothing behind in the modules it shares with the next; loading them anew for each took a third of the time.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
