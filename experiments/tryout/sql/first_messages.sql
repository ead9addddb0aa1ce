-- What the last people began their newest conversation with: of the newest conversations so many
-- are looked through, by conversations_by_start, and of each one message is read.
WITH newest AS (
    SELECT id, visitor_id, started_at, playground, client_kind
      FROM conversations
     WHERE agent_id = %(agent)s
     ORDER BY started_at DESC, id DESC
     LIMIT %(among)s
), of_visitors AS (
    SELECT DISTINCT ON (visitor_id) id, started_at
      FROM newest
     WHERE NOT playground AND client_kind = ''
     ORDER BY visitor_id, started_at DESC, id DESC
)
SELECT left(message.content, %(longest)s)
  FROM of_visitors
 CROSS JOIN LATERAL (
       SELECT content
         FROM messages
        WHERE agent_id = %(agent)s AND conversation_id = of_visitors.id AND role = 'visitor'
        ORDER BY sent_at, received_at, id
        LIMIT 1) message
 ORDER BY of_visitors.started_at DESC, of_visitors.id DESC
 LIMIT %(most)s
