ALTER TABLE `corrections` ADD `verdict` text DEFAULT 'replaced' NOT NULL;--> statement-breakpoint
ALTER TABLE `corrections` ADD `difference` text;--> statement-breakpoint
ALTER TABLE `corrections` ADD `window_sessions` integer;--> statement-breakpoint
ALTER TABLE `corrections` DROP COLUMN `close_change`;--> statement-breakpoint
ALTER TABLE `corrections` DROP COLUMN `volume_change`;