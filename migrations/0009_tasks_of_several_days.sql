PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_gap_tasks` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`dataset` text NOT NULL,
	`symbol` text NOT NULL,
	`dt` text NOT NULL,
	`lane` text NOT NULL,
	`priority` integer NOT NULL,
	`expected_rows` integer,
	`reason` text NOT NULL,
	`state` text NOT NULL,
	`attempts` integer NOT NULL,
	`next_at` integer NOT NULL,
	`last_outcome` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`vendor` text,
	`turn` integer DEFAULT 0 NOT NULL,
	`closed_to` text DEFAULT '' NOT NULL,
	`reopens_at` integer,
	`done_at` integer,
	`lease` integer,
	`days` integer,
	`cells` integer DEFAULT 1 NOT NULL,
	CONSTRAINT "gap_tasks_lane" CHECK("__new_gap_tasks"."lane" IN ('today', 'backfill')),
	CONSTRAINT "gap_tasks_state" CHECK("__new_gap_tasks"."state" IN ('queued', 'leased', 'done', 'stalled')),
	CONSTRAINT "gap_tasks_done" CHECK(("__new_gap_tasks"."state" = 'done') = ("__new_gap_tasks"."done_at" IS NOT NULL)),
	CONSTRAINT "gap_tasks_leased" CHECK(("__new_gap_tasks"."state" = 'leased') = ("__new_gap_tasks"."lease" IS NOT NULL)),
	CONSTRAINT "gap_tasks_attempts" CHECK("__new_gap_tasks"."attempts" >= 0),
	CONSTRAINT "gap_tasks_days" CHECK(CASE WHEN "__new_gap_tasks"."days" IS NULL THEN "__new_gap_tasks"."cells" = 1 ELSE "__new_gap_tasks"."cells" > 1 AND "__new_gap_tasks"."days" >> (CAST(substr("__new_gap_tasks"."dt", 9, 2) AS INTEGER) - 1) & 1 END)
);
--> statement-breakpoint
INSERT INTO `__new_gap_tasks`("id", "dataset", "symbol", "dt", "lane", "priority", "expected_rows", "reason", "state", "attempts", "next_at", "last_outcome", "created_at", "updated_at", "vendor", "turn", "closed_to", "reopens_at", "done_at", "lease") SELECT "id", "dataset", "symbol", "dt", "lane", "priority", "expected_rows", "reason", "state", "attempts", "next_at", "last_outcome", "created_at", "updated_at", "vendor", "turn", "closed_to", "reopens_at", "done_at", "lease" FROM `gap_tasks`;--> statement-breakpoint
DROP TABLE `gap_tasks`;--> statement-breakpoint
ALTER TABLE `__new_gap_tasks` RENAME TO `gap_tasks`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE UNIQUE INDEX `gap_tasks_open_cell` ON `gap_tasks` (`dataset`,`symbol`,`dt`) WHERE done_at IS NULL;--> statement-breakpoint
CREATE INDEX `gap_tasks_queue` ON `gap_tasks` (`dataset`,`closed_to`,`lane`,`priority`,`turn`,`id`) WHERE state = 'queued';--> statement-breakpoint
CREATE INDEX `gap_tasks_reopen` ON `gap_tasks` (`lane`,`reopens_at`) WHERE state = 'queued' AND reopens_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `gap_tasks_stalled` ON `gap_tasks` (`dataset`,`symbol`,`dt`) WHERE state = 'stalled';--> statement-breakpoint
CREATE INDEX `gap_tasks_rereads` ON `gap_tasks` (`dataset`) WHERE reason = 're_read' AND done_at IS NULL;--> statement-breakpoint
CREATE INDEX `gap_tasks_months` ON `gap_tasks` (`dataset`,`symbol`,`dt`) WHERE days IS NOT NULL AND done_at IS NULL;