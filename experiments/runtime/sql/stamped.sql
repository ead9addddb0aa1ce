stamped AS (
    INSERT INTO conversations AS conversation
           (id, agent_id, visitor_id, playground, client_kind, variant_id, decided_at, revision)
    SELECT %(conversation)s, agent_id, %(visitor)s::text, playground, %(client_kind)s::text,
           CASE WHEN is_due THEN held_variant END,
           CASE WHEN is_due THEN now() END,
           CASE WHEN is_due THEN revision END
      FROM decision
     WHERE (is_new OR is_due) AND NOT (is_due AND held_variant IS NULL AND has_active)
       AND NOT $unless
        ON CONFLICT (id) DO UPDATE
       SET variant_id = excluded.variant_id, decided_at = excluded.decided_at,
           revision = excluded.revision,
           client_kind = coalesce(nullif(excluded.client_kind, ''), conversation.client_kind)
     WHERE conversation.agent_id = excluded.agent_id
       AND conversation.visitor_id = excluded.visitor_id
       AND conversation.decided_at IS NULL
       AND NOT conversation.playground
       AND excluded.decided_at IS NOT NULL
 RETURNING variant_id
)
