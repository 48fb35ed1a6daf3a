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
CREATE INDEX `gap_tasks_stalled` ON `gap_tasks` (`dataset`,`symbol`,`dt`) WHERE state = 'stalled';