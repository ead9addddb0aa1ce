-- What has to be written: nothing, a conversation that is merely opened, or a decision. It is
-- `open` while only bucketing can tell the variant.
person AS (
    -- Another id of this visitor that it was merged into, under which it is assigned.
    SELECT coalesce((SELECT merge.into_id
                       FROM visitor_merges merge
                      WHERE merge.agent_id = gate.agent_id
                        AND merge.visitor_id = %(visitor)s::text), %(visitor)s::text) AS id
      FROM gate
), decision AS MATERIALIZED (
    SELECT gate.agent_id,
           gate.revision,
           known.own IS NULL AS is_new,
           coalesce(known.playground, %(playground)s) AS playground,
           %(decides)s AND NOT coalesce(known.playground, %(playground)s)
               AND NOT coalesce(known.decided, false) AS is_due,
           (SELECT assignment.variant_id
              FROM experiment_assignments assignment
              JOIN experiments experiment
                ON experiment.id = assignment.experiment_id AND experiment.status = 'running'
             WHERE assignment.agent_id = gate.agent_id
               AND assignment.visitor_id = ANY (ARRAY(
                       SELECT person.id FROM person
                        UNION ALL
                       SELECT merge.visitor_id
                         FROM visitor_merges merge JOIN person ON person.id = merge.into_id
                        WHERE merge.agent_id = gate.agent_id))
               AND %(decides)s AND NOT coalesce(known.decided OR known.playground, false)
             ORDER BY experiment.started_at DESC, experiment.id DESC,
                      assignment.assigned_at, assignment.id
             LIMIT 1) AS held_variant,
           EXISTS (SELECT FROM experiments experiment
                    WHERE experiment.agent_id = gate.agent_id
                      AND experiment.status = 'running') AS has_active
      FROM gate
      LEFT JOIN known ON true
     WHERE gate.agent_id IS NOT NULL AND coalesce(known.own, true)
)
