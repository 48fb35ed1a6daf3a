CREATE TABLE `absences` (
	`dataset` text NOT NULL,
	`symbol` text NOT NULL,
	`dt` text NOT NULL,
	`reason` text NOT NULL,
	`decided_at` integer NOT NULL,
	`recheck_at` integer,
	PRIMARY KEY(`dataset`, `symbol`, `dt`)
);
--> statement-breakpoint
CREATE INDEX `absences_dt` ON `absences` (`dataset`,`dt`);--> statement-breakpoint
CREATE INDEX `absences_recheck` ON `absences` (`recheck_at`);--> statement-breakpoint
CREATE TABLE `attempts` (
	`dataset` text NOT NULL,
	`symbol` text NOT NULL,
	`dt` text NOT NULL,
	`vendor` text NOT NULL,
	`count` integer NOT NULL,
	`outcome` text NOT NULL,
	`status` integer,
	`rows` integer NOT NULL,
	`digest` text,
	`note` text,
	`at` integer NOT NULL,
	`ask_again_at` integer NOT NULL,
	`refused_for` text,
	PRIMARY KEY(`dataset`, `symbol`, `dt`, `vendor`)
);
--> statement-breakpoint
CREATE INDEX `attempts_dt` ON `attempts` (`dataset`,`dt`);--> statement-breakpoint
CREATE TABLE `bookmarks` (
	`vendor` text NOT NULL,
	`dataset` text NOT NULL,
	`symbol` text NOT NULL,
	`last_dt` text NOT NULL,
	PRIMARY KEY(`vendor`, `dataset`, `symbol`)
);
--> statement-breakpoint
CREATE TABLE `budgets` (
	`vendor` text NOT NULL,
	`kind` text NOT NULL,
	`starts_at` integer NOT NULL,
	`calls` integer NOT NULL,
	PRIMARY KEY(`vendor`, `kind`, `starts_at`),
	CONSTRAINT "budgets_kind" CHECK("budgets"."kind" IN ('slot', 'day')),
	CONSTRAINT "budgets_calls" CHECK("budgets"."calls" > 0)
);
--> statement-breakpoint
CREATE TABLE `circuits` (
	`vendor` text PRIMARY KEY NOT NULL,
	`failures` integer NOT NULL,
	`blocked_until` integer NOT NULL,
	`why` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `coverage` (
	`dataset` text NOT NULL,
	`symbol` text NOT NULL,
	`month` text NOT NULL,
	`present` integer DEFAULT 0 NOT NULL,
	`short` integer DEFAULT 0 NOT NULL,
	`absent` integer DEFAULT 0 NOT NULL,
	`held` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`dataset`, `symbol`, `month`),
	CONSTRAINT "coverage_present_or_absent" CHECK("coverage"."present" & "coverage"."absent" = 0),
	CONSTRAINT "coverage_short_is_present" CHECK("coverage"."short" & ~"coverage"."present" = 0),
	CONSTRAINT "coverage_held_is_present" CHECK("coverage"."held" & ~"coverage"."present" = 0)
);
--> statement-breakpoint
CREATE TABLE `demotions` (
	`vendor` text NOT NULL,
	`dataset` text NOT NULL,
	`symbol` text NOT NULL,
	`from_dt` text NOT NULL,
	`to_dt` text NOT NULL,
	`outcome` text NOT NULL,
	`until` integer NOT NULL,
	PRIMARY KEY(`vendor`, `dataset`, `symbol`, `outcome`)
);
--> statement-breakpoint
CREATE TABLE `exports` (
	`asof` text PRIMARY KEY NOT NULL,
	`made_at` integer NOT NULL,
	`digest` text NOT NULL,
	`files` integer NOT NULL,
	`bytes` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `findings` (
	`dataset` text NOT NULL,
	`symbol` text NOT NULL,
	`dt` text NOT NULL,
	`partition` text NOT NULL,
	`status` text NOT NULL,
	`flags` text NOT NULL,
	`numbers` text NOT NULL,
	`vendor` text,
	`action` text NOT NULL,
	`checked_at` integer NOT NULL,
	PRIMARY KEY(`dataset`, `symbol`, `dt`)
);
--> statement-breakpoint
CREATE TABLE `gap_tasks` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`dataset` text NOT NULL,
	`symbol` text NOT NULL,
	`dt` text NOT NULL,
	`lane` text NOT NULL,
	`priority` integer NOT NULL,
	`expected_rows` integer,
	`reason` text NOT NULL,
	`state` text NOT NULL,
	`attempts` integer NOT NULL,
	`next_at` integer NOT NULL,
	`last_outcome` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT "gap_tasks_lane" CHECK("gap_tasks"."lane" IN ('today', 'backfill')),
	CONSTRAINT "gap_tasks_state" CHECK("gap_tasks"."state" IN ('queued', 'leased', 'done', 'stalled')),
	CONSTRAINT "gap_tasks_attempts" CHECK("gap_tasks"."attempts" >= 0)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `gap_tasks_open_cell` ON `gap_tasks` (`dataset`,`symbol`,`dt`) WHERE state <> 'done';--> statement-breakpoint
CREATE INDEX `gap_tasks_queue` ON `gap_tasks` (`dataset`,lane DESC,priority DESC,`dt`,`id`) WHERE state = 'queued';--> statement-breakpoint
CREATE TABLE `leases` (
	`task_id` integer PRIMARY KEY NOT NULL,
	`vendor` text NOT NULL,
	`token` text NOT NULL,
	`holder` text NOT NULL,
	`leased_at` integer NOT NULL,
	`lease_expires_at` integer NOT NULL,
	FOREIGN KEY (`task_id`) REFERENCES `gap_tasks`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `leases_token` ON `leases` (`token`);--> statement-breakpoint
CREATE INDEX `leases_expiry` ON `leases` (`lease_expires_at`);--> statement-breakpoint
CREATE TABLE `manifests` (
	`path` text PRIMARY KEY NOT NULL,
	`bytes` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `partitions` (
	`dataset` text NOT NULL,
	`partition` text NOT NULL,
	`version` integer NOT NULL,
	`touched_at` integer NOT NULL,
	`expected` text NOT NULL,
	`curated_version` integer DEFAULT 0 NOT NULL,
	`curated_sha256` text,
	`curated_rows` integer,
	`curated_at` integer,
	`checked_version` integer DEFAULT 0 NOT NULL,
	`checked_at` integer,
	`red` integer,
	`lease_token` text,
	`lease_expires_at` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`dataset`, `partition`)
);
--> statement-breakpoint
CREATE INDEX `partitions_work` ON `partitions` (`version`,`curated_version`,`checked_version`);--> statement-breakpoint
CREATE TABLE `ticks` (
	`chain` text NOT NULL,
	`scheduled_at` integer NOT NULL,
	`begun_at` integer NOT NULL,
	`step` integer NOT NULL,
	`step_begun_at` integer NOT NULL,
	`ended_at` integer,
	`result` text,
	PRIMARY KEY(`chain`, `scheduled_at`)
);
--> statement-breakpoint
CREATE TABLE `vendor_scores` (
	`vendor` text NOT NULL,
	`dataset` text NOT NULL,
	`asked` integer NOT NULL,
	`filled` integer NOT NULL,
	`calls` integer NOT NULL,
	`latency_ms` real NOT NULL,
	PRIMARY KEY(`vendor`, `dataset`)
);
