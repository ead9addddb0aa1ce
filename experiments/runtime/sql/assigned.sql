-- A first message of a visitor without a variant. The conversation is claimed before the
-- assignment is written, so that a call which is refused the conversation leaves nothing behind.
-- The row lock makes the statement see a stop, start or delete that commits while it waits; the
-- advisory lock lets such a change through ahead of further visitors (`editing.changing`).
current AS MATERIALIZED (
    SELECT agent.id AS agent_id, agent.revision
      FROM agents agent
     WHERE agent.id = %(agent)s
       AND agent.config_version = %(version)s
       AND pg_try_advisory_xact_lock_shared(%(lock)s)
       FOR SHARE
), stamped AS (
    INSERT INTO conversations AS conversation
           (id, agent_id, visitor_id, playground, client_kind, variant_id, decided_at, revision)
    SELECT %(conversation)s, agent_id, %(visitor)s::text, false, %(client_kind)s::text,
           %(variant)s, now(), revision
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
      FROM stamped
        ON CONFLICT (experiment_id, visitor_id) DO UPDATE
       SET visitor_id = excluded.visitor_id  -- changes nothing, returns the row that won
 RETURNING variant_id, id = %(assignment)s AS is_new
), pending AS (
    -- Without a variant, as the span of the assignment before ends here.
    INSERT INTO pending_counts (agent_id, variant_id, visitor_id)
    SELECT %(agent)s, NULL, %(visitor)s::text FROM assigned
)
