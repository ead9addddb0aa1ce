-- Of each agent: how many people wrote in the last seven days, by the newest conversations.
SELECT listed.id,
       (SELECT count(DISTINCT recent.visitor_id)
          FROM (SELECT visitor_id FROM conversations
                 WHERE agent_id = listed.id AND NOT playground
                   AND started_at > statement_timestamp() - interval '7 days'
                 ORDER BY started_at DESC LIMIT %(most)s) recent)
  FROM unnest(%(agents)s::uuid[]) AS listed (id)
