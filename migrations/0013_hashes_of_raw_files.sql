CREATE TABLE `raw_files` (
	`dataset` text NOT NULL,
	`dt` text NOT NULL,
	`vendor` text NOT NULL,
	`symbol` text NOT NULL,
	`hash` blob NOT NULL,
	PRIMARY KEY(`dataset`, `dt`, `vendor`, `symbol`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `unaccepted_files` (
	`dataset` text NOT NULL,
	`dt` text NOT NULL,
	`files` integer NOT NULL,
	`first` text NOT NULL,
	`seen_at` integer NOT NULL,
	PRIMARY KEY(`dataset`, `dt`)
);
