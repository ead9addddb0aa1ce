-- Traffic goes on while we look: visitors with something pending are left out on both sides.
waiting AS MATERIALIZED (
    SELECT assigned.*
      FROM experiment_assignments assigned
     WHERE assigned.experiment_id = %(experiment)s
       AND assigned.visitor_id IN
           (SELECT visitor_id FROM pending_counts WHERE agent_id = %(agent)s)
)
