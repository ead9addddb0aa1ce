WITH $waiting, $plain, $stored
SELECT true, plain.* FROM plain UNION ALL SELECT false, stored.* FROM stored
