CREATE TABLE `__new_demotions` (
	`vendor` text NOT NULL,
	`dataset` text NOT NULL,
	`symbol` text NOT NULL,
	`from_dt` text NOT NULL,
	`to_dt` text NOT NULL,
	`outcome` text NOT NULL,
	`until` integer NOT NULL,
	PRIMARY KEY(`dataset`, `symbol`, `vendor`, `outcome`)
);
--> statement-breakpoint
INSERT INTO `__new_demotions`("vendor", "dataset", "symbol", "from_dt", "to_dt", "outcome", "until") SELECT "vendor", "dataset", "symbol", "from_dt", "to_dt", "outcome", "until" FROM `demotions`;--> statement-breakpoint
DROP TABLE `demotions`;--> statement-breakpoint
ALTER TABLE `__new_demotions` RENAME TO `demotions`;
