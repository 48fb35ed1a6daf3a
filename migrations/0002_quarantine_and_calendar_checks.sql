CREATE TABLE `calendar_checks` (
	`vendor` text PRIMARY KEY NOT NULL,
	`asof` text NOT NULL,
	`checked_at` integer NOT NULL,
	`from_dt` text NOT NULL,
	`to_dt` text NOT NULL,
	`sessions` integer,
	`differing` integer NOT NULL,
	`differences` text NOT NULL,
	`error` text,
	CONSTRAINT "calendar_checks_compared" CHECK("calendar_checks"."sessions" IS NOT NULL OR "calendar_checks"."error" IS NOT NULL),
	CONSTRAINT "calendar_checks_differing" CHECK("calendar_checks"."differing" >= 0)
);
--> statement-breakpoint
CREATE TABLE `quarantine` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`vendor` text NOT NULL,
	`dataset` text NOT NULL,
	`symbol` text NOT NULL,
	`dt` text NOT NULL,
	`at` integer NOT NULL,
	`outcome` text NOT NULL,
	`status` integer,
	`message` text NOT NULL,
	`sample` text,
	`times` integer NOT NULL,
	CONSTRAINT "quarantine_times" CHECK("quarantine"."times" > 0)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `quarantine_sample` ON `quarantine` (`vendor`,`dataset`,`symbol`,`dt`,`message`);