CREATE TABLE `empty_months` (
	`dataset` text NOT NULL,
	`symbol` text NOT NULL,
	`month` text NOT NULL,
	`vendor` text NOT NULL,
	`days` integer NOT NULL,
	`first_at` integer NOT NULL,
	`last_at` integer NOT NULL,
	PRIMARY KEY(`dataset`, `symbol`, `month`, `vendor`)
) WITHOUT ROWID;
