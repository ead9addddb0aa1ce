known AS MATERIALIZED (
    SELECT conversation.visitor_id = %(visitor)s::text AS own,
           conversation.playground,
           conversation.decided_at IS NOT NULL AS decided,
           conversation.variant_id,
           -- Its own, or what is urgent and came later. A release that noted none decided by the
           -- one that stood then.
           CASE WHEN conversation.decided_at IS NOT NULL THEN
               greatest(gate.urgent_revision, coalesce(
                   conversation.revision,
                   (SELECT max(earlier.number)
                      FROM agent_revisions earlier
                     WHERE earlier.agent_id = gate.agent_id
                       AND earlier.created_at <= conversation.decided_at),
                   1))
           END AS kept_revision,
           -- Whether an urgent revision has answered here before, or there is none to.
           NOT coalesce(conversation.revision < gate.urgent_revision, false)
               OR coalesce(gate.urgent_revision = ANY (conversation.reached_by), false)
               AS is_reached
      FROM gate
      JOIN conversations conversation
        ON conversation.agent_id = gate.agent_id AND conversation.id = %(conversation)s
)
