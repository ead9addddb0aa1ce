CREATE FUNCTION note_totals() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    -- In the transaction of the change, so that whoever sees one sees the other.
    INSERT INTO fold_states (agent_id, state)
    SELECT agent_id, gen_random_uuid()
      FROM (SELECT DISTINCT agent_id FROM changed ORDER BY agent_id) agents
        ON CONFLICT (agent_id) DO UPDATE SET state = excluded.state;
    RETURN NULL;
END
$$
