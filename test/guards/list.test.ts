import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { GUARDS } from './list.ts'

test.each(GUARDS)(
  'guard: $name: its text stands once in its file, and its test is there',
  ({ file, find, replace, test: path }) => {
    expect(readFileSync(file, 'utf8').split(find)).toHaveLength(2)
    expect(replace).not.toBe(find)
    expect(existsSync(path)).toBe(true)
  },
)
