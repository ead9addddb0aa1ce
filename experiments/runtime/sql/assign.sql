WITH $assigned
SELECT assigned.variant_id, assigned.is_new, stamped.revision
  FROM stamped LEFT JOIN assigned ON true
