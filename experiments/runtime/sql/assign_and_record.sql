WITH $assigned, said AS (
    $new_message
      FROM stamped
        ON CONFLICT (id) DO NOTHING
 RETURNING sent_at
)
SELECT assigned.variant_id, coalesce(assigned.is_new, false) AS is_new, stamped.revision,
       said.sent_at AS said_at
  FROM stamped LEFT JOIN assigned ON true LEFT JOIN said ON true
