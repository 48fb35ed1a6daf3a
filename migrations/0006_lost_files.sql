CREATE TABLE `lost_files` (
	`path` text PRIMARY KEY NOT NULL,
	`vendor` text NOT NULL,
	`dataset` text NOT NULL,
	`why` text NOT NULL,
	`cells` integer NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `lost_files_at` ON `lost_files` (`at`);