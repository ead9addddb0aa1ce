INSERT INTO messages (id, agent_id, conversation_id, role, content, sent_at)
    SELECT %(message)s, agent_id, %(conversation)s, %(role)s, %(content)s,
           coalesce(%(sent_at)s::timestamptz, now())
