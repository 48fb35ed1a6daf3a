CREATE TABLE `closed_day_bars` (
	`dataset` text NOT NULL,
	`symbol` text NOT NULL,
	`dt` text NOT NULL,
	`vendor` text NOT NULL,
	`seen_at` integer NOT NULL,
	PRIMARY KEY(`dataset`, `symbol`, `dt`, `vendor`)
);
