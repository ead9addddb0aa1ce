WITH $gate, $known, $decision,
earlier AS MATERIALIZED (
    SELECT message.conversation_id = %(conversation)s AS same,
           message.role, message.content, message.sent_at
      FROM gate
      JOIN messages message ON message.agent_id = gate.agent_id AND message.id = %(message)s
), $stamped, $reached, said AS (
    $new_message
      FROM decision
     WHERE ((NOT is_new AND NOT is_due) OR EXISTS (SELECT FROM stamped))
       AND NOT EXISTS (SELECT FROM earlier)
        ON CONFLICT (id) DO NOTHING
 RETURNING sent_at
),
pending AS (
    -- A message in a conversation that is still open is pending too, without a variant: the one that
    -- another connection may be stamping at this moment can't be seen from here.
    INSERT INTO pending_counts (agent_id, variant_id, visitor_id)
    SELECT %(agent)s, variant_id, %(visitor)s::text
      FROM (SELECT variant_id FROM stamped WHERE variant_id IS NOT NULL
             UNION ALL
            SELECT known.variant_id FROM known, said
             WHERE NOT known.playground AND (known.variant_id IS NOT NULL OR NOT known.decided)
           ) touched
)
SELECT gate.*,
       known.own, known.playground, known.decided, known.variant_id, known.kept_revision,
       EXISTS (SELECT FROM stamped) AS written,
       decision.is_due, decision.held_variant,
       CASE WHEN decision.is_due AND decision.held_variant IS NULL
            THEN (SELECT id FROM person) END AS person,
       said.sent_at AS said_at,
       earlier.same AS earlier_is_same, earlier.role AS earlier_role,
       earlier.content AS earlier_content, earlier.sent_at AS earlier_sent_at
  FROM gate LEFT JOIN known ON true LEFT JOIN decision ON true
  LEFT JOIN said ON true LEFT JOIN earlier ON true
