-- Details that another visitor left as well are that visitor's from now on.
WITH heir AS (
    SELECT DISTINCT ON (again.lead_id) again.id, again.lead_id, again.visitor_id,
           again.conversation_id, again.left_at
      FROM lead_repeats again
      JOIN leads lead ON lead.agent_id = %(agent)s AND lead.id = again.lead_id
     WHERE again.agent_id = %(agent)s
       AND lead.visitor_id = ANY (%(ids)s)
       AND NOT again.visitor_id = ANY (%(ids)s)
     ORDER BY again.lead_id, again.left_at, again.id
), handed_over AS (
    UPDATE leads lead
       SET visitor_id = heir.visitor_id, conversation_id = heir.conversation_id,
           created_at = heir.left_at
      FROM heir
     WHERE lead.agent_id = %(agent)s AND lead.id = heir.lead_id
)
DELETE FROM lead_repeats
 WHERE agent_id = %(agent)s
   AND (id IN (SELECT id FROM heir) OR visitor_id = ANY (%(ids)s))
