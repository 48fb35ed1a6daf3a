/** Where drizzle-kit finds the tables and writes migrations: `npx drizzle-kit generate --name <what-changes>`. */
import { defineConfig } from 'drizzle-kit'

export default defineConfig({ dialect: 'sqlite', schema: './db/*/table.ts', out: './migrations' })
