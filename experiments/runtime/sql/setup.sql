-- One statement, so that version, experiment and weights are of one moment.
SELECT agent.config_version AS version, active.id AS experiment_id, active.variant_ids,
       active.weights, active.traffic_share, active.ends_at, active.ends_at_visitors
  FROM agents agent
  LEFT JOIN LATERAL (
       SELECT experiment.id, experiment.traffic_share, experiment.ends_at,
              experiment.ends_at_visitors,
              array_agg(variant.id ORDER BY variant.position) AS variant_ids,
              array_agg(variant.weight ORDER BY variant.position) AS weights
         FROM experiments experiment
         JOIN variants variant ON variant.experiment_id = experiment.id
        WHERE experiment.agent_id = agent.id AND experiment.status = 'running'
        GROUP BY experiment.id
        ORDER BY experiment.started_at DESC, experiment.id DESC
        LIMIT 1) active ON true
 WHERE agent.id = %(agent)s
