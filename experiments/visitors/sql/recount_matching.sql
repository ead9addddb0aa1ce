-- Everybody of the workspace whom a rule may be about has to be counted again. Answers with how
-- many visitors of each experiment count or don't because of this rule alone.
WITH others AS MATERIALIZED (
    SELECT kind, value FROM left_out_rules
     WHERE workspace_id = %(workspace)s AND id <> %(rule)s
), found AS MATERIALIZED (
    SELECT found.*
      FROM agents agent
     CROSS JOIN LATERAL (
           SELECT assignment.agent_id, assignment.visitor_id, NULL::uuid AS variant_id
             FROM experiment_assignments assignment
            WHERE assignment.agent_id = agent.id
              AND (%(kind)s = 'visitor' AND assignment.visitor_id = %(value)s
                   OR %(kind)s = 'beginning' AND assignment.visitor_id >= %(value)s
                      AND starts_with(assignment.visitor_id, %(value)s))
            UNION ALL
           SELECT merge.agent_id, merge.visitor_id, NULL
             FROM visitor_merges merge
            WHERE merge.agent_id = agent.id
              AND (%(kind)s = 'visitor' AND merge.visitor_id = %(value)s
                   OR %(kind)s = 'beginning' AND starts_with(merge.visitor_id, %(value)s))
            UNION ALL
           SELECT lead.agent_id, lead.visitor_id, NULL
             FROM leads lead
            WHERE lead.agent_id = agent.id AND %(kind)s = 'domain'
              AND split_part(lead.email, '@', 2) = %(value)s
            UNION ALL
           SELECT again.agent_id, again.visitor_id, NULL
             FROM leads lead JOIN lead_repeats again ON again.lead_id = lead.id
            WHERE lead.agent_id = agent.id AND %(kind)s = 'domain'
              AND split_part(lead.email, '@', 2) = %(value)s
            UNION ALL
           SELECT marked.agent_id, marked.visitor_id, marked.variant_id
             FROM conversations marked
            WHERE marked.agent_id = agent.id AND %(kind)s = 'bots'
              AND marked.client_kind = 'bot' AND marked.variant_id IS NOT NULL) found
     WHERE agent.workspace_id = %(workspace)s
), recounted AS (
    INSERT INTO pending_counts (agent_id, variant_id, visitor_id)
    SELECT DISTINCT agent_id, NULL::uuid, visitor_id FROM found
), people AS MATERIALIZED (
    SELECT DISTINCT found.agent_id, coalesce(merge.into_id, found.visitor_id) AS person,
           variant.experiment_id AS only_in
      FROM found
      LEFT JOIN visitor_merges merge ON merge.agent_id = found.agent_id
                                    AND merge.visitor_id = found.visitor_id
      LEFT JOIN variants variant ON variant.id = found.variant_id
), names AS MATERIALIZED (
    SELECT agent_id, person, only_in, person AS visitor_id FROM people
     UNION ALL
    SELECT people.agent_id, people.person, people.only_in, merge.visitor_id
      FROM people
      JOIN visitor_merges merge ON merge.agent_id = people.agent_id
                               AND merge.into_id = people.person
), out_anyway AS MATERIALIZED (
    SELECT names.agent_id, names.person
      FROM names JOIN others ON others.kind = 'visitor' AND others.value = names.visitor_id
     UNION
    SELECT names.agent_id, names.person
      FROM names
      JOIN others ON others.kind = 'beginning' AND starts_with(names.visitor_id, others.value)
     UNION
    SELECT names.agent_id, names.person
      FROM others
      JOIN names ON others.kind = 'domain'
      JOIN leads lead ON lead.agent_id = names.agent_id AND lead.visitor_id = names.visitor_id
     WHERE split_part(lead.email, '@', 2) = others.value
     UNION
    SELECT names.agent_id, names.person
      FROM others
      JOIN names ON others.kind = 'domain'
      JOIN lead_repeats again ON again.agent_id = names.agent_id
                             AND again.visitor_id = names.visitor_id
      JOIN leads lead ON lead.id = again.lead_id
     WHERE split_part(lead.email, '@', 2) = others.value
)
SELECT assignment.experiment_id, count(DISTINCT names.person) AS visitors
  FROM names
  JOIN experiment_assignments assignment ON assignment.agent_id = names.agent_id
                                        AND assignment.visitor_id = names.visitor_id
  JOIN experiments experiment ON experiment.id = assignment.experiment_id
  LEFT JOIN out_anyway ON out_anyway.agent_id = names.agent_id
                      AND out_anyway.person = names.person
 WHERE NOT assignment.is_settled
   AND experiment.deleted_at IS NULL
   AND coalesce(names.only_in = assignment.experiment_id, true)
   AND out_anyway.person IS NULL
   AND NOT (EXISTS (SELECT FROM others WHERE kind = 'bots')
            AND EXISTS (SELECT FROM conversations marked
                         WHERE marked.agent_id = assignment.agent_id
                           AND marked.visitor_id = assignment.visitor_id
                           AND marked.variant_id = assignment.variant_id
                           AND marked.client_kind = 'bot'))
 GROUP BY assignment.experiment_id
