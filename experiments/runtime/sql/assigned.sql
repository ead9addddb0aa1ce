-- A first message of a visitor without a variant, who gets one, or none outside of the share of
-- traffic. The conversation is claimed before the assignment is written, so that a call which is
-- refused the conversation leaves nothing behind.
-- The row lock makes the statement see a stop, start or delete that commits while it waits; the
-- advisory lock lets such a change through ahead of further visitors (`editing.changing`). Once the
-- end has come the conversation is decided without a variant, and nobody is assigned: the end is of
-- the version that is asked for, so current; the clock is the database's.
current AS MATERIALIZED (
    SELECT agent.id AS agent_id, agent.revision,
           (%(ends_at)s::timestamptz IS NULL OR clock_timestamp() < %(ends_at)s::timestamptz)
               AND (%(most)s::bigint IS NULL OR NOT EXISTS (
                    SELECT FROM assigned_counts counted
                     WHERE counted.agent_id = %(agent)s AND counted.experiment_id = %(experiment)s
                     GROUP BY counted.variant_id
                    HAVING sum(counted.visitors) >= %(most)s::bigint))
           OR EXISTS (  -- since the first statement, by another message of the visitor
                    SELECT FROM experiment_assignments earlier
                     WHERE earlier.agent_id = %(agent)s AND earlier.experiment_id = %(experiment)s
                       AND earlier.visitor_id = %(person)s::text) AS is_open
      FROM agents agent
     WHERE agent.id = %(agent)s
       AND agent.config_version = %(version)s
       AND pg_try_advisory_xact_lock_shared(%(lock)s)
       FOR SHARE OF agent
), stamped AS (
    INSERT INTO conversations AS conversation
           (id, agent_id, visitor_id, playground, client_kind, variant_id, decided_at, revision)
    SELECT %(conversation)s, agent_id, %(visitor)s::text, false, %(client_kind)s::text,
           CASE WHEN is_open THEN %(variant)s::uuid END, now(), revision
      FROM current
        ON CONFLICT (id) DO UPDATE
       SET variant_id = excluded.variant_id, decided_at = excluded.decided_at,
           revision = excluded.revision,
           client_kind = coalesce(nullif(excluded.client_kind, ''), conversation.client_kind)
     WHERE conversation.agent_id = excluded.agent_id
       AND conversation.visitor_id = excluded.visitor_id
       AND conversation.decided_at IS NULL
       AND NOT conversation.playground
 RETURNING agent_id, variant_id, revision
), assigned AS (
    INSERT INTO experiment_assignments AS assignment
           (id, agent_id, experiment_id, variant_id, visitor_id)
    SELECT %(assignment)s, agent_id, %(experiment)s, variant_id, %(person)s::text
      FROM stamped WHERE variant_id IS NOT NULL
        ON CONFLICT (experiment_id, visitor_id) DO UPDATE
       SET visitor_id = excluded.visitor_id  -- changes nothing, returns the row that won
 RETURNING variant_id, id = %(assignment)s AS is_new
), counted AS (
    INSERT INTO assigned_counts AS counted (agent_id, experiment_id, variant_id, slot, visitors)
    SELECT %(agent)s, %(experiment)s, variant_id, %(slot)s, 1
      FROM assigned WHERE is_new AND %(most)s::bigint IS NOT NULL
        ON CONFLICT (agent_id, experiment_id, variant_id, slot) DO UPDATE
       SET visitors = counted.visitors + 1
), pending AS (
    -- Without a variant, as the span of the assignment before ends here.
    INSERT INTO pending_counts (agent_id, variant_id, visitor_id)
    SELECT %(agent)s, NULL, %(visitor)s::text FROM assigned
)
