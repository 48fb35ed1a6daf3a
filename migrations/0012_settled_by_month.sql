DROP TABLE `settling`;--> statement-breakpoint
CREATE TABLE `month_days` (
	`day` integer PRIMARY KEY NOT NULL,
	`text` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `settling` (
	`task_id` integer NOT NULL,
	`symbol` text NOT NULL,
	`month` text NOT NULL,
	`days` integer NOT NULL,
	`first_day` integer NOT NULL,
	`last_day` integer NOT NULL,
	`digests` blob,
	`outcome` text NOT NULL,
	`status` integer,
	`rows` integer NOT NULL,
	`note` text,
	`ask_again_at` integer NOT NULL,
	`present` integer NOT NULL,
	`short` integer NOT NULL,
	`absence` text,
	`recheck_at` integer,
	`state` text NOT NULL,
	`next_at` integer NOT NULL,
	`burns` integer NOT NULL,
	`reread` integer NOT NULL,
	`difference` text,
	`refused_digest` text,
	`refused_rows` integer,
	`window_sessions` integer,
	`partition` text
);
--> statement-breakpoint
INSERT INTO `month_days`(`day`, `text`) SELECT value, printf('%02d', value) FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31]');
