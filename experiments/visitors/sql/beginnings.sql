-- The first messages of each of some conversations, by `messages_as_they_came` alone.
SELECT message.*
  FROM unnest(%(conversations)s::uuid[]) WITH ORDINALITY AS wanted (id, place)
 CROSS JOIN LATERAL (
       SELECT *
         FROM messages
        WHERE conversation_id = wanted.id
        ORDER BY sent_at, received_at, id
        LIMIT %(most)s) message
 ORDER BY wanted.place, message.sent_at, message.received_at, message.id
