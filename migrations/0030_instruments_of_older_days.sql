CREATE TABLE `instruments` (
	`symbol` text NOT NULL,
	`asof` text NOT NULL,
	`statement` text,
	PRIMARY KEY(`symbol`, `asof`)
);
--> statement-breakpoint
-- Curated options have further columns: all their files are made again.
UPDATE `partitions` SET `version` = `version` + 1 WHERE `dataset` = 'options_bars' AND `curated_version` > 0;
