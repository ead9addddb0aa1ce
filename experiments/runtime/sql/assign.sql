WITH $assigned
SELECT assigned.variant_id, assigned.is_new, stamped.revision
  FROM assigned CROSS JOIN stamped
