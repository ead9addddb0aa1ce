-- The summaries as they are kept, without those who wait.
unsettled AS (
    SELECT variant_id, date_bin('15 minutes', assigned_at, '2000-01-01Z') AS slot,
           $sums
      FROM waiting WHERE counted GROUP BY 1, 2
), stored AS (
    SELECT variant_id, slot, $summed
      FROM (SELECT variant_id, assigned_from AS slot, $columns
              FROM variant_totals
             WHERE variant_id IN (SELECT id FROM ours)
             UNION ALL
            SELECT variant_id, slot, $negated FROM unsettled) parts
     GROUP BY variant_id, slot
)
