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
DROP INDEX `gap_tasks_queue`;--> statement-breakpoint
ALTER TABLE `gap_tasks` ADD `turn` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `gap_tasks_queue` ON `gap_tasks` (`dataset`,lane DESC,priority DESC,`turn`,`id`) WHERE state = 'queued';--> statement-breakpoint
CREATE INDEX `absences_reason` ON `absences` (`dataset`,`reason`,`symbol`,`dt`,`decided_at`);