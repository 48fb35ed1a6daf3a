CREATE TABLE `scrubs` (
	`dataset` text PRIMARY KEY NOT NULL,
	`night` integer NOT NULL,
	`due_files` integer NOT NULL,
	`due_bytes` integer NOT NULL,
	`files` integer NOT NULL,
	`bytes` integer NOT NULL
);
