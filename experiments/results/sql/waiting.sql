-- Traffic goes on while we look: visitors with something pending are left out on both sides, by
-- whatever id.
pending_names AS (
    SELECT visitor_id FROM pending_counts WHERE agent_id = %(agent)s
), pending_people AS (
    SELECT visitor_id AS person FROM pending_names
     UNION
    SELECT into_id FROM visitor_merges JOIN pending_names USING (visitor_id)
     WHERE agent_id = %(agent)s
), waiting AS MATERIALIZED (
    SELECT assigned.*
      FROM experiment_assignments assigned
     WHERE assigned.experiment_id = %(experiment)s
       AND assigned.agent_id = %(agent)s
       AND assigned.visitor_id IN
           (SELECT person FROM pending_people
             UNION
            SELECT visitor_id FROM visitor_merges
             WHERE agent_id = %(agent)s AND into_id IN (SELECT person FROM pending_people))
)
