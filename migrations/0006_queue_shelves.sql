DROP INDEX `gap_tasks_queue`;--> statement-breakpoint
ALTER TABLE `gap_tasks` ADD `closed_to` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `gap_tasks` ADD `reopens_at` integer;--> statement-breakpoint
CREATE INDEX `gap_tasks_reopen` ON `gap_tasks` (`lane`,`reopens_at`) WHERE state = 'queued' AND reopens_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `gap_tasks_queue` ON `gap_tasks` (`dataset`,`closed_to`,`lane`,`priority`,`turn`,`id`) WHERE state = 'queued';