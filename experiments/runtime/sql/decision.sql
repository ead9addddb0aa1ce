-- What has to be written: nothing, a conversation that is merely opened, or a decision. It is
-- `open` while only bucketing can tell the variant.
decision AS MATERIALIZED (
    SELECT gate.agent_id,
           gate.revision,
           known.own IS NULL AS is_new,
           %(decides)s AND NOT coalesce(known.playground, %(playground)s)
               AND NOT coalesce(known.decided, false) AS is_due,
           (SELECT assignment.variant_id
              FROM experiment_assignments assignment
              JOIN experiments experiment
                ON experiment.id = assignment.experiment_id AND experiment.status = 'running'
             WHERE assignment.agent_id = gate.agent_id
               AND assignment.visitor_id = %(visitor)s::text
               AND %(decides)s AND NOT coalesce(known.decided OR known.playground, false)
             ORDER BY experiment.started_at DESC, experiment.id DESC
             LIMIT 1) AS held_variant,
           EXISTS (SELECT FROM experiments experiment
                    WHERE experiment.agent_id = gate.agent_id
                      AND experiment.status = 'running') AS has_active
      FROM gate
      LEFT JOIN known ON true
     WHERE gate.agent_id IS NOT NULL AND coalesce(known.own, true)
)
