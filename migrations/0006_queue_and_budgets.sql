CREATE TABLE `unqueued` (
	`dataset` text PRIMARY KEY NOT NULL,
	`night` integer NOT NULL,
	`allowed` integer
);
--> statement-breakpoint
ALTER TABLE `budgets` ADD `today` integer DEFAULT 0 NOT NULL;