-- The visitors of each variant assigned up to the end of each slot in which any was: one row a slot,
-- counts in the order of %(variants)s.
WITH slots AS (
    SELECT DISTINCT assigned_from
      FROM variant_totals
     WHERE variant_id = ANY (%(variants)s)
)
SELECT array_agg(coalesce(total.visitors, 0) ORDER BY array_position(%(variants)s, variant.id))
  FROM slots
 CROSS JOIN unnest(%(variants)s::uuid[]) AS variant (id)
  LEFT JOIN variant_totals total
         ON total.variant_id = variant.id AND total.assigned_from = slots.assigned_from
 GROUP BY slots.assigned_from
 ORDER BY slots.assigned_from
