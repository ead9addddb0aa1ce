WITH $waiting
SELECT variant_id,
           $sums
  FROM waiting WHERE counted GROUP BY variant_id
