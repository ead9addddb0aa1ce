WITH $gate, $known, kept AS (
    INSERT INTO leads AS lead
           (id, agent_id, visitor_id, conversation_id, email, name, phone, company)
    SELECT %(lead)s, gate.agent_id, %(visitor)s::text, %(conversation)s, %(email)s,
           coalesce(%(name)s, ''), coalesce(%(phone)s, ''), coalesce(%(company)s, '')
      FROM gate LEFT JOIN known ON true
     WHERE gate.agent_id IS NOT NULL
       AND (%(conversation)s::uuid IS NULL OR known.own)
        ON CONFLICT (agent_id, lower(email)) DO UPDATE
       SET name = coalesce(%(name)s, lead.name),
           phone = coalesce(%(phone)s, lead.phone),
           company = coalesce(%(company)s, lead.company),
           updated_at = now()
 RETURNING id, visitor_id, conversation_id, email, name, phone, company, status, created_at
), repeated AS (
    -- Details that are known, left again, count for whoever leaves them.
    INSERT INTO lead_repeats (id, agent_id, lead_id, visitor_id, conversation_id)
    SELECT %(lead)s, %(agent)s, kept.id, %(visitor)s::text, %(conversation)s
      FROM kept WHERE kept.id <> %(lead)s
), pending AS (
    INSERT INTO pending_counts (agent_id, variant_id, visitor_id)
    SELECT %(agent)s, NULL, %(visitor)s::text FROM kept
)
SELECT gate.*, known.own, kept.*
  FROM gate LEFT JOIN known ON true LEFT JOIN kept ON true
