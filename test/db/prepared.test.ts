import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { gapTasks } from '../../db/gap-tasks/table.ts'
import { compile, preparedSql } from '../../db/prepared.ts'
import { freshDb } from './temp-db.ts'

test('prepared: a fixed statement is put together once and takes its values anew each time', async () => {
  let composed = 0
  const between = preparedSql<'from' | 'to'>(({ from, to }) => {
    composed++
    return sql`SELECT value FROM json_each(${'[1,2,3,4]'}) WHERE value >= ${from} AND ${sql`value <= ${to}`} AND ${from} <= ${to}`
  })
  const db = await freshDb()
  expect(await db.all(between({ from: 2, to: 3 }))).toEqual([{ value: 2 }, { value: 3 }])
  expect(await db.all(between({ from: 4, to: 9 }))).toEqual([{ value: 4 }])
  expect(await db.all(between({ from: 9, to: 4 }))).toEqual([])
  expect(composed).toBe(1)
})

test('prepared: a value is bound once, however often a fixed statement uses it', () => {
  const statement = preparedSql<'a' | 'b'>(({ a, b }) => sql`SELECT ${a}, ${b}, ${'x'}, ${a}, ${'x'}, ${b}`)
  expect(compile(statement({ b: null, a: 7 }))).toEqual({ sql: 'SELECT ?1, ?2, ?3, ?1, ?3, ?2', args: [7, null, 'x'] })
})

test('prepared: a fixed statement may name columns of the schema', async () => {
  const statement = preparedSql<'lane'>(
    ({ lane }) => sql`SELECT ${gapTasks.id} FROM ${gapTasks} WHERE ${gapTasks.lane} = ${lane}`,
  )
  expect(await (await freshDb()).all(statement({ lane: 'today' }))).toEqual([])
})

test('prepared: a fixed statement with a question mark of its own is refused rather than misread', () => {
  const statement = preparedSql<'a'>(({ a }) => sql`SELECT '?' WHERE ${a}`)
  expect(() => statement({ a: 1 })).toThrow(/question mark/)
})
