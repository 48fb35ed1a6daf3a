/**
 * incidents: one session that a large share of the universe lacks, in place of thousands of tasks.
 *
 *   audit → open ──probes answered in vain──▶ open, next look later
 *             └──a probe is filled, or the session is not expected any more──▶ cleared ──lacking again──▶ open
 *
 * While it is open its cells are absent for it (VENDOR_OUTAGE, CALENDAR_SUSPECT) and only a few of them are asked about.
 */
import { sql } from 'drizzle-orm'
import { check, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

export const incidents = sqliteTable(
  'incidents',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    kind: text('kind', { enum: ['vendor_outage', 'calendar_suspect'] }).notNull(),
    dataset: text('dataset').notNull(),
    /** The vendor that lacks the session, or `*` where all lack it. */
    vendor: text('vendor').notNull(),
    dt: text('dt').notNull(),
    /** Cells that lacked it when it was last seen. */
    cells: integer('cells').notNull(),
    /** Epoch ms throughout. */
    openedAt: integer('opened_at').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
    clearedAt: integer('cleared_at'),
    /** Rounds of probes that came to nothing. */
    looks: integer('looks').notNull().default(0),
    /** When the probes are asked about. */
    nextLookAt: integer('next_look_at').notNull(),
    /** The symbols asked about then. */
    probes: text('probes', { mode: 'json' }).$type<string[]>().notNull(),
  },
  (table) => [
    uniqueIndex('incidents_session').on(table.dataset, table.dt, table.vendor),
    check('incidents_kind', sql`${table.kind} IN ('vendor_outage', 'calendar_suspect')`),
    check('incidents_vendor', sql`(${table.vendor} = '*') = (${table.kind} = 'calendar_suspect')`),
  ],
)
