PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_backlog_overflow` (
	`dataset` text NOT NULL,
	`from_dt` text NOT NULL,
	`to_dt` text NOT NULL,
	`is_recent` integer NOT NULL,
	`as_of` integer NOT NULL,
	`allowed` integer,
	PRIMARY KEY(`dataset`, `from_dt`)
);
--> statement-breakpoint
INSERT INTO `__new_backlog_overflow`("dataset", "from_dt", "to_dt", "is_recent", "as_of", "allowed") SELECT "dataset", '0000-01-01', '9999-12-31', 0, "as_of", "allowed" FROM `backlog_overflow`;--> statement-breakpoint
DROP TABLE `backlog_overflow`;--> statement-breakpoint
ALTER TABLE `__new_backlog_overflow` RENAME TO `backlog_overflow`;--> statement-breakpoint
PRAGMA foreign_keys=ON;