/** Whether a damaged database was set aside since the last night that was ok: what it alone knew is learned again by then. */
import type { Reason } from '../_http/health.ts'

export interface DatabaseHealthTerms {
  /** The newest database that was set aside; null where none was. */
  setAside: { name: string; at: number } | null
  /** When the last night ended whose steps were all ok, epoch ms; null where there is none. */
  okAt(): Promise<number | null>
}

export async function databaseReasons({ setAside, okAt }: DatabaseHealthTerms): Promise<Reason[]> {
  if (setAside === null) return []
  const ended = await okAt()
  if (ended !== null && ended >= setAside.at) return []
  return [
    {
      code: 'database_set_aside',
      what: `the database was damaged and was set aside as ${setAside.name}`,
      todo: 'check the disk of DATA_ROOT; what it knew was rebuilt from the manifests, and this is over with the next night that ends well',
      since: setAside.at,
    },
  ]
}
