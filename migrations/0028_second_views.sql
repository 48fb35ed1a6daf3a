CREATE TABLE `second_views` (
	`dataset` text NOT NULL,
	`symbol` text NOT NULL,
	`dt` text NOT NULL,
	`partition` text NOT NULL,
	`vendor` text NOT NULL,
	`second_vendor` text NOT NULL,
	`action` text NOT NULL,
	`numbers` text NOT NULL,
	`decided_at` integer NOT NULL,
	PRIMARY KEY(`dataset`, `symbol`, `dt`)
);
--> statement-breakpoint
CREATE INDEX `second_views_partition` ON `second_views` (`dataset`,`partition`);--> statement-breakpoint
CREATE INDEX `second_views_decided` ON `second_views` (`decided_at`);