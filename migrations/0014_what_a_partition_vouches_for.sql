ALTER TABLE `partitions` ADD `ledger_sha256` text;--> statement-breakpoint
ALTER TABLE `partitions` ADD `failures` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `partitions` ADD `last_error` text;--> statement-breakpoint
ALTER TABLE `partitions` ADD `retired_at` integer;