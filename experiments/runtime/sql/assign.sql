WITH $assigned
SELECT variant_id, is_new FROM assigned
