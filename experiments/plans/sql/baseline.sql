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
), said AS (
    SELECT sampled.visitor_id, message.id, message.conversation_id, message.role,
           message.sent_at, message.received_at,
           count(*) FILTER (WHERE message.role = 'visitor') OVER (
               PARTITION BY sampled.visitor_id
                   ORDER BY message.sent_at, message.received_at, message.id) AS nth
      FROM sampled
     CROSS JOIN LATERAL unnest(sampled.conversation_ids) AS held (conversation_id)
      JOIN messages message ON message.agent_id = %(agent)s
                           AND message.conversation_id = held.conversation_id
), gaps AS (
    SELECT *, sent_at - lag(sent_at) OVER (PARTITION BY conversation_id
                                               ORDER BY sent_at, received_at, id) AS silence
      FROM said WHERE nth <= %(capped)s
), stretched AS (
    SELECT *, count(*) FILTER (WHERE silence >= interval '30 minutes') OVER (
                  PARTITION BY conversation_id
                      ORDER BY sent_at, received_at, id) AS stretch
      FROM gaps
), session AS (
    SELECT visitor_id,
           extract(epoch FROM max(sent_at) - min(sent_at) FILTER (WHERE role = 'visitor'))
               AS seconds
      FROM stretched
     GROUP BY visitor_id, conversation_id, stretch
    HAVING bool_or(role = 'visitor')
), sat AS (
    SELECT visitor_id, count(*) AS sessions, sum(seconds) AS seconds
      FROM session GROUP BY visitor_id
), wrote AS (
    SELECT visitor_id, count(*) AS messages
      FROM gaps WHERE role = 'visitor' GROUP BY visitor_id
), measured AS (
    SELECT coalesce(wrote.messages, 0) AS messages,
           coalesce(sat.sessions, 0) AS sessions,
           coalesce(sat.seconds, 0) AS seconds,
           ARRAY(SELECT lead.status FROM leads lead
                  WHERE lead.agent_id = %(agent)s AND lead.visitor_id = sampled.visitor_id
                    AND lead.created_at >= %(since)s) AS statuses
      FROM sampled
      LEFT JOIN wrote USING (visitor_id)
      LEFT JOIN sat USING (visitor_id)
)
SELECT (SELECT count(*) FROM visitors) AS visitors,
       (SELECT min(started_at) FROM recent) AS first_at,
       count(*) AS sampled,
       count(*) FILTER (WHERE cardinality(statuses) > 0) AS converted,
       count(*) FILTER (WHERE statuses && ARRAY['qualified', 'contacted', 'won']::varchar[])
           AS qualified,
       count(*) FILTER (WHERE 'won' = ANY (statuses)) AS won,
       coalesce(sum(messages), 0)::bigint AS messages,
       coalesce(sum(messages * messages), 0)::bigint AS messages_squared,
       coalesce(sum(sessions), 0)::bigint AS sessions,
       coalesce(sum(sessions * sessions), 0)::bigint AS sessions_squared,
       coalesce(sum(seconds), 0) AS seconds,
       coalesce(sum(seconds * seconds), 0) AS seconds_squared,
       coalesce(sum(seconds * sessions), 0) AS seconds_sessions
  FROM measured
