CREATE FUNCTION lock_fold(of_agent uuid, waits boolean) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    -- Of two numbers, unlike the locks of assignment: our class, and the last bytes of the id.
    class CONSTANT integer := 26476;
    key CONSTANT integer := ('x' || right(of_agent::text, 8))::bit(32)::int;
BEGIN
    IF waits THEN
        PERFORM pg_advisory_xact_lock(class, key);
        RETURN true;
    END IF;
    RETURN pg_try_advisory_xact_lock(class, key);
END
$$
