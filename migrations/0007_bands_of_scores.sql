CREATE TABLE `vendor_bands` (
	`vendor` text NOT NULL,
	`dataset` text NOT NULL,
	`era` text NOT NULL,
	`liquidity` text NOT NULL,
	`asked` real NOT NULL,
	`filled` real NOT NULL,
	`seen_at` integer NOT NULL,
	PRIMARY KEY(`vendor`, `dataset`, `era`, `liquidity`),
	CONSTRAINT "vendor_bands_cells" CHECK("vendor_bands"."filled" BETWEEN 0 AND "vendor_bands"."asked")
);--> statement-breakpoint
INSERT INTO `vendor_bands` (`vendor`, `dataset`, `era`, `liquidity`, `asked`, `filled`, `seen_at`)
SELECT `vendor`, `dataset`, 'any', 'any', `asked` * min(1.0, 1000.0 / `asked`), `filled` * min(1.0, 1000.0 / `asked`),
	coalesce((SELECT max(`starts_at`) FROM `vendor_tallies`), unixepoch() * 1000)
FROM `vendor_scores` WHERE `asked` > 0;
