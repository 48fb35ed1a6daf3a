CREATE TABLE `adoptions` (
	`vendor` text NOT NULL,
	`dataset` text NOT NULL,
	`verify` text NOT NULL,
	`place` text NOT NULL,
	`ended_at` integer,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`vendor`, `dataset`, `verify`)
);
