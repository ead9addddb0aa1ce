-- The sums of what was erased, which nothing else remembers.
INSERT INTO variant_totals (agent_id, variant_id, assigned_from, last_assigned_at, $columns)
SELECT agent_id, variant_id, date_bin('15 minutes', assigned_at, '2000-01-01Z'), max(assigned_at),
       $sums
  FROM experiment_assignments
 WHERE agent_id = %(agent)s AND experiment_id = %(experiment)s
   AND is_settled AND counted AND left_out <> 'merged'
 GROUP BY 1, 2, 3
