CREATE TABLE `vendor_keys` (
	`account` text PRIMARY KEY NOT NULL,
	`fingerprint` text NOT NULL,
	`refused_at` integer,
	`trading_refused_at` integer
);
