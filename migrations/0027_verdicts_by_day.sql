CREATE TABLE `day_verdicts` (
	`dataset` text NOT NULL,
	`dt` text NOT NULL,
	`partition` text NOT NULL,
	`present` integer NOT NULL,
	`held` integer NOT NULL,
	`amber` integer NOT NULL,
	`provisional` integer NOT NULL,
	`digest` text NOT NULL,
	`changed_at` integer NOT NULL,
	PRIMARY KEY(`dataset`, `dt`)
);
