CREATE TABLE `corrections` (
	`dataset` text NOT NULL,
	`symbol` text NOT NULL,
	`dt` text NOT NULL,
	`vendor` text NOT NULL,
	`at` integer NOT NULL,
	`previous` text NOT NULL,
	`digest` text NOT NULL,
	`rows_before` integer NOT NULL,
	`rows` integer NOT NULL,
	`close_change` real,
	`volume_change` real,
	PRIMARY KEY(`dataset`, `symbol`, `dt`, `vendor`, `at`, `digest`)
);
--> statement-breakpoint
CREATE INDEX `corrections_at` ON `corrections` (`at`);--> statement-breakpoint
ALTER TABLE `attempts` ADD `reread_at` integer;--> statement-breakpoint
ALTER TABLE `gap_tasks` ADD `vendor` text;