ALTER TABLE `settling` RENAME TO `settlement_staging`;
--> statement-breakpoint
ALTER TABLE `settlement_staging` RENAME COLUMN `burns` TO `counts_as_attempt`;
--> statement-breakpoint
ALTER TABLE `unqueued` RENAME TO `backlog_overflow`;
--> statement-breakpoint
ALTER TABLE `backlog_overflow` RENAME COLUMN `night` TO `as_of`;
--> statement-breakpoint
ALTER TABLE `vendor_bands` RENAME COLUMN `era` TO `age_bucket`;
--> statement-breakpoint
ALTER TABLE `vendor_bands` RENAME TO `vendor_segments`;
--> statement-breakpoint
ALTER TABLE `vendor_tallies` RENAME TO `vendor_call_stats`;
--> statement-breakpoint
DROP INDEX `vendor_tallies_age`;
--> statement-breakpoint
CREATE INDEX `vendor_call_stats_age` ON `vendor_call_stats` (`starts_at`);
--> statement-breakpoint
ALTER TABLE `gap_tasks` RENAME COLUMN `turn` TO `sort_key`;
--> statement-breakpoint
ALTER TABLE `gap_tasks` RENAME COLUMN `closed_to` TO `blocked_for`;
--> statement-breakpoint
ALTER TABLE `gap_tasks` RENAME COLUMN `reopens_at` TO `blocked_until`;
--> statement-breakpoint
DROP INDEX `gap_tasks_reopen`;
--> statement-breakpoint
CREATE INDEX `gap_tasks_unblock` ON `gap_tasks` (`lane`,`blocked_until`) WHERE state = 'queued' AND blocked_until IS NOT NULL;
--> statement-breakpoint
UPDATE `lost_files` SET `why` = 'repaired' WHERE `why` = 'mended';
--> statement-breakpoint
UPDATE `vendor_segments` SET `liquidity` = 'moderate' WHERE `liquidity` = 'middling';
