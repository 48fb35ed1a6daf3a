/** What may keep the node from being well. The list is closed; docs/http-api.md explains each, and config/notifications.yaml names those that are no message. */
export const REASON_CODES = [
  'volume_lost',
  'clock_doubtful',
  'not_ready',
  'disk_low',
  'disk_refuses',
  'database_set_aside',
  'env_file_readable',
  'no_key',
  'no_vendor',
  'key_refused',
  'vendor_out',
  'incident_open',
  'night_missed',
  'night_failed',
  'bundle_incomplete',
  'no_new_bundle',
  'queue_stuck',
  'no_backup',
  'message_unsent',
] as const
export type ReasonCode = (typeof REASON_CODES)[number]
