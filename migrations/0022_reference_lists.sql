CREATE TABLE `reference_checks` (
	`vendor` text NOT NULL,
	`question` text NOT NULL,
	`asof` text NOT NULL,
	`calls` integer NOT NULL,
	`asked_at` integer NOT NULL,
	`error` text,
	PRIMARY KEY(`vendor`, `question`),
	CONSTRAINT "reference_checks_calls" CHECK("reference_checks"."calls" >= 0)
);
--> statement-breakpoint
CREATE TABLE `symbol_references` (
	`vendor` text NOT NULL,
	`symbol` text NOT NULL,
	`is_listed` integer,
	`name` text,
	`type` text,
	`exchange` text,
	`composite_figi` text,
	`cik` text,
	`listed_from` text,
	`delisted_on` text,
	`delisted_first_stated_at` integer,
	`delisted_stated_at` integer,
	`event_tickers` text,
	`filed_tickers` text,
	`listed_asked_at` integer,
	`delisted_asked_at` integer,
	`details_asked_at` integer,
	`names_asked_at` integer,
	`filed_at` integer,
	PRIMARY KEY(`vendor`, `symbol`),
	CONSTRAINT "symbol_references_delisted" CHECK(("symbol_references"."delisted_on" IS NULL) = ("symbol_references"."delisted_stated_at" IS NULL) AND ("symbol_references"."delisted_on" IS NULL) = ("symbol_references"."delisted_first_stated_at" IS NULL)),
	CONSTRAINT "symbol_references_listed" CHECK(("symbol_references"."is_listed" IS NULL) = ("symbol_references"."listed_asked_at" IS NULL))
);
