-- Count one attempt under a key, unless the wait of the one before has not passed: then nothing
-- is written and no row comes back. What was counted leaks away, one attempt in leak_seconds.
-- The clock's own time: attempts that queue for the row must not share one moment.
INSERT INTO attempt_counts AS old (key, level, counted_at, free_at)
VALUES (%(key)s, 1, clock_timestamp(), clock_timestamp())
ON CONFLICT (key) DO UPDATE SET
    level = greatest(
        old.level - extract(epoch FROM clock_timestamp() - old.counted_at) / %(leak_seconds)s, 0
    ) + 1,
    counted_at = clock_timestamp(),
    free_at = clock_timestamp() + interval '1 second' * (
        WITH counted AS (
            SELECT greatest(
                old.level
                - extract(epoch FROM clock_timestamp() - old.counted_at) / %(leak_seconds)s,
                0
            ) + 1 - %(free)s AS beyond
        )
        SELECT CASE
            WHEN beyond <= 0 THEN 0
            ELSE least(%(longest_seconds)s, power(2, least(beyond, 20)))
        END
        FROM counted
    )
WHERE old.free_at <= clock_timestamp()
RETURNING level
