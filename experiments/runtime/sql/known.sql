known AS MATERIALIZED (
    SELECT conversation.visitor_id = %(visitor)s::text AS own,
           conversation.playground,
           conversation.decided_at IS NOT NULL AS decided,
           conversation.variant_id
      FROM gate
      JOIN conversations conversation
        ON conversation.agent_id = gate.agent_id AND conversation.id = %(conversation)s
)
