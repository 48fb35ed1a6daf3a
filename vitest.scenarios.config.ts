/**
 * What happens to a node through several functions (damage, restarts, corrections), and every test that takes long. In-process,
 * as the unit tests. SCENARIOS=quick leaves the long ones out.
 */
import { configDefaults, defineConfig, mergeConfig } from 'vitest/config'
import unit from './vitest.config.ts'

const LONG = 'test/**/*.long.test.ts'
const isQuick = process.env.SCENARIOS === 'quick'
const { exclude: _, include: __, ...test } = unit.test ?? {}

export default mergeConfig(
  defineConfig({ test }),
  defineConfig({
    test: {
      include: isQuick ? ['test/scenarios/**/*.test.ts'] : ['test/scenarios/**/*.test.ts', LONG],
      exclude: [...configDefaults.exclude, 'dist/**', ...(isQuick ? [LONG] : [])],
    },
  }),
)
