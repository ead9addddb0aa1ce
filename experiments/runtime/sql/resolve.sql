WITH $gate, $known, $decision, $stamped, $reached,
pending AS (
    INSERT INTO pending_counts (agent_id, variant_id, visitor_id)
    SELECT %(agent)s, variant_id, %(visitor)s::text FROM stamped WHERE variant_id IS NOT NULL
)
SELECT gate.*,
       known.own, known.playground, known.decided, known.variant_id, known.kept_revision,
       EXISTS (SELECT FROM stamped) AS written,
       decision.is_due, decision.held_variant,
       CASE WHEN decision.is_due AND decision.held_variant IS NULL
            THEN (SELECT id FROM person) END AS person
  FROM gate LEFT JOIN known ON true LEFT JOIN decision ON true
