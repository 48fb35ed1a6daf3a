/** Notes that a file was damaged or gone, so that `/status` shows it; a file noted before counts its newest damage. */
import type { Db } from '../client.ts'
import type { LostFile } from './list-lost.ts'
import { lostFiles } from './table.ts'

/** `cells` of a manifest are its bad lines, 0 where it is shorter than it was or gone. Safe to repeat. */
export async function noteDamage(db: Db, damage: LostFile): Promise<void> {
  const { path: _, ...newest } = damage
  await db.orm.insert(lostFiles).values(damage).onConflictDoUpdate({ target: lostFiles.path, set: newest })
}
