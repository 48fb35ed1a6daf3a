DROP INDEX `absences_recheck`;--> statement-breakpoint
CREATE INDEX `absences_due` ON `absences` (`dataset`,`dt`,`symbol`,`recheck_at`) WHERE recheck_at IS NOT NULL;