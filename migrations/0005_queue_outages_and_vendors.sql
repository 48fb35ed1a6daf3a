CREATE TABLE `incidents` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`kind` text NOT NULL,
	`dataset` text NOT NULL,
	`vendor` text NOT NULL,
	`dt` text NOT NULL,
	`cells` integer NOT NULL,
	`opened_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`cleared_at` integer,
	`looks` integer DEFAULT 0 NOT NULL,
	`next_look_at` integer NOT NULL,
	`probes` text NOT NULL,
	CONSTRAINT "incidents_kind" CHECK("incidents"."kind" IN ('vendor_outage', 'calendar_suspect')),
	CONSTRAINT "incidents_vendor" CHECK(("incidents"."vendor" = '*') = ("incidents"."kind" = 'calendar_suspect'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `incidents_session` ON `incidents` (`dataset`,`dt`,`vendor`);--> statement-breakpoint
CREATE TABLE `liquidity` (
	`dataset` text NOT NULL,
	`symbol` text NOT NULL,
	`share` real NOT NULL,
	`days` integer NOT NULL,
	`through` text NOT NULL,
	PRIMARY KEY(`dataset`, `symbol`),
	CONSTRAINT "liquidity_share" CHECK("liquidity"."share" BETWEEN 0 AND 1)
);
--> statement-breakpoint
CREATE TABLE `lost_files` (
	`path` text PRIMARY KEY NOT NULL,
	`vendor` text NOT NULL,
	`dataset` text NOT NULL,
	`why` text NOT NULL,
	`cells` integer NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `lost_files_at` ON `lost_files` (`at`);--> statement-breakpoint
CREATE TABLE `settling` (
	`task_id` integer NOT NULL,
	`symbol` text NOT NULL,
	`dt` text NOT NULL,
	`month` text NOT NULL,
	`bit` integer NOT NULL,
	`outcome` text NOT NULL,
	`status` integer,
	`rows` integer NOT NULL,
	`digest` text,
	`note` text,
	`ask_again_at` integer NOT NULL,
	`present` integer NOT NULL,
	`short` integer NOT NULL,
	`absence` text,
	`recheck_at` integer,
	`state` text NOT NULL,
	`next_at` integer NOT NULL,
	`burns` integer NOT NULL,
	`reread` integer NOT NULL,
	`difference` text,
	`refused_digest` text,
	`refused_rows` integer,
	`window_sessions` integer,
	`partition` text
);
--> statement-breakpoint
CREATE TABLE `vendor_tallies` (
	`vendor` text NOT NULL,
	`dataset` text NOT NULL,
	`starts_at` integer NOT NULL,
	`calls` integer NOT NULL,
	`rows` integer NOT NULL,
	`took_ms` real NOT NULL,
	`filled` integer NOT NULL,
	`short` integer NOT NULL,
	`empty` integer NOT NULL,
	`refused` integer NOT NULL,
	`postponed` integer NOT NULL,
	`malformed` integer NOT NULL,
	`unavailable` integer NOT NULL,
	PRIMARY KEY(`vendor`, `dataset`, `starts_at`)
);
--> statement-breakpoint
CREATE INDEX `vendor_tallies_age` ON `vendor_tallies` (`starts_at`);--> statement-breakpoint
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_budgets` (
	`vendor` text NOT NULL,
	`kind` text NOT NULL,
	`starts_at` integer NOT NULL,
	`calls` integer NOT NULL,
	PRIMARY KEY(`vendor`, `kind`, `starts_at`),
	CONSTRAINT "budgets_kind" CHECK("__new_budgets"."kind" IN ('slot', 'day', 'pause')),
	CONSTRAINT "budgets_calls" CHECK("__new_budgets"."calls" > 0)
);
--> statement-breakpoint
INSERT INTO `__new_budgets`("vendor", "kind", "starts_at", "calls") SELECT "vendor", "kind", "starts_at", "calls" FROM `budgets`;--> statement-breakpoint
DROP TABLE `budgets`;--> statement-breakpoint
ALTER TABLE `__new_budgets` RENAME TO `budgets`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
DROP INDEX `absences_recheck`;--> statement-breakpoint
CREATE INDEX `absences_due` ON `absences` (`dataset`,`dt`,`symbol`,`recheck_at`) WHERE recheck_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `absences_reason` ON `absences` (`dataset`,`reason`,`symbol`,`dt`,`decided_at`);--> statement-breakpoint
DROP INDEX `gap_tasks_queue`;--> statement-breakpoint
ALTER TABLE `gap_tasks` ADD `turn` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `gap_tasks` ADD `closed_to` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `gap_tasks` ADD `reopens_at` integer;--> statement-breakpoint
CREATE INDEX `gap_tasks_reopen` ON `gap_tasks` (`lane`,`reopens_at`) WHERE state = 'queued' AND reopens_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `gap_tasks_stalled` ON `gap_tasks` (`dataset`,`symbol`,`dt`) WHERE state = 'stalled';--> statement-breakpoint
CREATE INDEX `gap_tasks_rereads` ON `gap_tasks` (`dataset`) WHERE reason = 're_read' AND state <> 'done';--> statement-breakpoint
CREATE INDEX `gap_tasks_queue` ON `gap_tasks` (`dataset`,`closed_to`,`lane`,`priority`,`turn`,`id`) WHERE state = 'queued';