-- Curated corporate actions are merged and have further columns: all their files are made again.
UPDATE `partitions` SET `version` = `version` + 1 WHERE `dataset` = 'corporate_actions' AND `curated_version` > 0;
