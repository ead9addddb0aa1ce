-- A message in a conversation that nothing is to be decided of: all that most messages are. In any
-- other nothing is written here, but what was read tells how to go on.
WITH $gate, $known,
earlier AS MATERIALIZED (
    SELECT message.conversation_id = %(conversation)s AS same,
           message.role, message.content, message.sent_at
      FROM gate
      JOIN messages message ON message.agent_id = gate.agent_id AND message.id = %(message)s
), $reached, said AS (
    $new_message
      FROM gate JOIN known ON known.own AND (known.decided OR known.playground)
     WHERE NOT EXISTS (SELECT FROM earlier)
        ON CONFLICT (id) DO NOTHING
 RETURNING sent_at
), pending AS (
    INSERT INTO pending_counts (agent_id, variant_id, visitor_id)
    SELECT %(agent)s, known.variant_id, %(visitor)s::text FROM known, said
     WHERE NOT known.playground AND known.variant_id IS NOT NULL
)
SELECT gate.*,
       known.own, known.playground, known.decided, known.variant_id, known.kept_revision,
       true AS is_reached, $newcomer AS is_newcomer,
       said.sent_at AS said_at,
       earlier.same AS earlier_is_same, earlier.role AS earlier_role,
       earlier.content AS earlier_content, earlier.sent_at AS earlier_sent_at
  FROM gate LEFT JOIN known ON true LEFT JOIN said ON true LEFT JOIN earlier ON true
