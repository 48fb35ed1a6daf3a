CREATE TABLE `data_volume` (
	`row` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	CONSTRAINT "data_volume_row" CHECK("data_volume"."row" = 1)
);
