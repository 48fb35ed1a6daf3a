CREATE TABLE `unqueued` (
	`dataset` text PRIMARY KEY NOT NULL,
	`night` integer NOT NULL,
	`allowed` integer
);
