CREATE TABLE `acks` (
	`asof` text NOT NULL,
	`puller` text NOT NULL,
	`at` integer NOT NULL,
	`digest` text NOT NULL,
	`files` integer NOT NULL,
	`rows` integer NOT NULL,
	`bytes` integer NOT NULL,
	`missed` integer NOT NULL,
	PRIMARY KEY(`asof`, `puller`),
	CONSTRAINT "acks_counts" CHECK(min("acks"."files", "acks"."rows", "acks"."bytes", "acks"."missed") >= 0)
);
