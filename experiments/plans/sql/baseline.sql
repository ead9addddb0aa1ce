-- Of the newest conversations since then: who came, and what the newest of those did.
WITH recent AS (
    SELECT conversation.id, conversation.visitor_id, conversation.started_at
      FROM conversations conversation
     WHERE conversation.agent_id = %(agent)s
       AND conversation.started_at >= %(since)s
       AND NOT conversation.playground
     ORDER BY conversation.started_at DESC, conversation.id DESC
     LIMIT %(most)s
), visitors AS (
    SELECT visitor_id, max(started_at) AS last_at, array_agg(id) AS conversation_ids
      FROM recent GROUP BY visitor_id
), sampled AS (
    SELECT * FROM visitors ORDER BY last_at DESC LIMIT %(sample)s
), measured AS (
    SELECT least(%(capped)s,
                 (SELECT count(*) FROM messages message
                   WHERE message.agent_id = %(agent)s AND message.role = 'visitor'
                     AND message.conversation_id = ANY (sampled.conversation_ids))) AS messages,
           ARRAY(SELECT lead.status FROM leads lead
                  WHERE lead.agent_id = %(agent)s AND lead.visitor_id = sampled.visitor_id
                    AND lead.created_at >= %(since)s) AS statuses
      FROM sampled
)
SELECT (SELECT count(*) FROM visitors) AS visitors,
       (SELECT min(started_at) FROM recent) AS first_at,
       count(*) AS sampled,
       count(*) FILTER (WHERE cardinality(statuses) > 0) AS converted,
       count(*) FILTER (WHERE statuses && ARRAY['qualified', 'contacted', 'won']::varchar[])
           AS qualified,
       count(*) FILTER (WHERE 'won' = ANY (statuses)) AS won,
       coalesce(sum(messages), 0)::bigint AS messages,
       coalesce(sum(messages * messages), 0)::bigint AS messages_squared
  FROM measured
