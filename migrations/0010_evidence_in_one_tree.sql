CREATE TABLE `__new_attempts` (
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
	`reread_at` integer,
	PRIMARY KEY(`dataset`, `dt`, `symbol`, `vendor`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_attempts`("dataset", "symbol", "dt", "vendor", "count", "outcome", "status", "rows", "digest", "note", "at", "ask_again_at", "refused_for", "reread_at") SELECT "dataset", "symbol", "dt", "vendor", "count", "outcome", "status", "rows", "digest", "note", "at", "ask_again_at", "refused_for", "reread_at" FROM `attempts` ORDER BY "dataset", "dt", "symbol", "vendor";--> statement-breakpoint
DROP TABLE `attempts`;--> statement-breakpoint
ALTER TABLE `__new_attempts` RENAME TO `attempts`;
