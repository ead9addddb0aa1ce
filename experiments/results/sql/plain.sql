-- On purpose not the fold's SQL, nor any part of it: grouped joins over whole tables.
ours AS (SELECT id FROM variants WHERE experiment_id = %(experiment)s),
talk AS (
    SELECT conversations.variant_id, conversations.visitor_id,
           count(messages.id) FILTER (WHERE messages.role = 'visitor') AS messages,
           coalesce(extract(epoch FROM max(messages.sent_at) - min(messages.sent_at)), 0)
               AS seconds
      FROM conversations
      JOIN ours ON ours.id = conversations.variant_id
      LEFT JOIN messages ON messages.conversation_id = conversations.id
     GROUP BY conversations.id
), talked AS (
    SELECT variant_id, visitor_id, count(*) AS conversations, sum(messages) AS messages,
           sum(seconds) AS seconds
      FROM talk GROUP BY variant_id, visitor_id
), left_details AS (
    SELECT assigned.variant_id, assigned.visitor_id, count(*) AS leads
      FROM experiment_assignments assigned
      JOIN leads ON leads.agent_id = assigned.agent_id
                AND leads.visitor_id = assigned.visitor_id
                AND leads.created_at >= assigned.assigned_at
      LEFT JOIN conversations ON conversations.id = leads.conversation_id
     WHERE assigned.experiment_id = %(experiment)s
       AND (leads.conversation_id IS NULL OR conversations.variant_id = assigned.variant_id)
     GROUP BY assigned.variant_id, assigned.visitor_id
), per_visitor AS (
    SELECT assigned.variant_id, assigned.assigned_at,
           coalesce(talked.conversations, 0) AS conversations,
           coalesce(talked.messages, 0)::bigint AS messages,
           coalesce(talked.seconds, 0) AS seconds,
           coalesce(left_details.leads, 0) AS leads
      FROM experiment_assignments assigned
      LEFT JOIN talked USING (variant_id, visitor_id)
      LEFT JOIN left_details USING (variant_id, visitor_id)
     WHERE assigned.experiment_id = %(experiment)s
       AND assigned.id NOT IN (SELECT id FROM waiting)
), plain AS (
    SELECT variant_id, date_bin('15 minutes', assigned_at, '2000-01-01Z') AS slot,
           $sums
      FROM per_visitor GROUP BY 1, 2
)
