-- Everybody of the workspace whom a rule may be about has to be counted again.
INSERT INTO pending_counts (agent_id, variant_id, visitor_id)
SELECT DISTINCT found.agent_id, NULL::uuid, found.visitor_id
  FROM agents agent
 CROSS JOIN LATERAL (
       SELECT assignment.agent_id, assignment.visitor_id
         FROM experiment_assignments assignment
        WHERE assignment.agent_id = agent.id
          AND (%(kind)s = 'visitor' AND assignment.visitor_id = %(value)s
               OR %(kind)s = 'beginning' AND assignment.visitor_id >= %(value)s
                  AND starts_with(assignment.visitor_id, %(value)s))
        UNION ALL
       SELECT merge.agent_id, merge.visitor_id
         FROM visitor_merges merge
        WHERE merge.agent_id = agent.id
          AND (%(kind)s = 'visitor' AND merge.visitor_id = %(value)s
               OR %(kind)s = 'beginning' AND starts_with(merge.visitor_id, %(value)s))
        UNION ALL
       SELECT lead.agent_id, lead.visitor_id
         FROM leads lead
        WHERE lead.agent_id = agent.id AND %(kind)s = 'domain'
          AND split_part(lead.email, '@', 2) = %(value)s
        UNION ALL
       SELECT again.agent_id, again.visitor_id
         FROM leads lead JOIN lead_repeats again ON again.lead_id = lead.id
        WHERE lead.agent_id = agent.id AND %(kind)s = 'domain'
          AND split_part(lead.email, '@', 2) = %(value)s
        UNION ALL
       SELECT marked.agent_id, marked.visitor_id
         FROM conversations marked
        WHERE marked.agent_id = agent.id AND %(kind)s = 'bots'
          AND marked.client_kind = 'bot') found
 WHERE agent.workspace_id = %(workspace)s
