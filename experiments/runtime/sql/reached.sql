-- That an urgent revision has answered in a conversation under way is part of what it was told.
reached AS (
    UPDATE conversations conversation
       SET reached_by = array_append(conversation.reached_by, gate.urgent_revision)
      FROM gate
     WHERE gate.urgent_revision > 0
       AND conversation.agent_id = gate.agent_id
       AND conversation.id = %(conversation)s
       AND conversation.visitor_id = %(visitor)s::text
       AND conversation.revision < gate.urgent_revision
       AND NOT coalesce(gate.urgent_revision = ANY (conversation.reached_by), false)
       AND NOT $unless
)
