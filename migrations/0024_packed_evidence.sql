CREATE TABLE `packed_months` (
	`dataset` text NOT NULL,
	`month` text NOT NULL,
	`symbol` text NOT NULL,
	`vendor` text NOT NULL,
	`days` integer NOT NULL,
	`newest_at` integer NOT NULL,
	`answers` blob NOT NULL,
	PRIMARY KEY(`dataset`, `month`, `symbol`, `vendor`),
	CONSTRAINT "packed_months_answers" CHECK(substr(answers, 1, 1) = x'01' AND length(answers) = 1 + 26 * ((((((((days - ((days >> 1) & 0x55555555)) & 0x33333333) + (((days - ((days >> 1) & 0x55555555)) >> 2) & 0x33333333)) + ((((days - ((days >> 1) & 0x55555555)) & 0x33333333) + (((days - ((days >> 1) & 0x55555555)) >> 2) & 0x33333333)) >> 4)) & 0x0f0f0f0f) * 0x01010101) >> 24) & 0xff))
) WITHOUT ROWID;
