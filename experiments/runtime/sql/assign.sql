WITH $assigned
SELECT assigned.variant_id, coalesce(assigned.is_new, false) AS is_new, stamped.revision
  FROM stamped LEFT JOIN assigned ON true
