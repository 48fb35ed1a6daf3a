/** What happens to a node through several functions: damage, restarts, corrections. In-process, as the unit tests, and as long as they. */
import { configDefaults, defineConfig, mergeConfig } from 'vitest/config'
import unit from './vitest.config.ts'

const { exclude: _, include: __, ...test } = unit.test ?? {}

export default mergeConfig(
  defineConfig({ test }),
  defineConfig({ test: { include: ['test/scenarios/**/*.test.ts'], exclude: [...configDefaults.exclude, 'dist/**'] } }),
)
