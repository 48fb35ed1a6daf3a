ALTER TABLE `partitions` ADD `context_version` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `partitions` ADD `checked_context` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `partitions` ADD `seen_before` text;--> statement-breakpoint
ALTER TABLE `partitions` ADD `seen_after` text;--> statement-breakpoint
ALTER TABLE `partitions` ADD `seen_splits` text;--> statement-breakpoint
ALTER TABLE `partitions` ADD `ruleset` text;