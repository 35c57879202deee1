-- Which run of an import may write: the one that began last. An earlier one that still runs ends at its next write.
-- Serves: 18

ALTER TABLE imports ADD run bigint NOT NULL DEFAULT 0;
