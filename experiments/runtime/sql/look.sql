-- What a call comes upon, with nothing written: all there is to a call in a conversation that
-- nothing is to be decided of, which most of them are.
WITH $gate, $known
SELECT gate.*,
       known.own, known.playground, known.decided, known.variant_id, known.kept_revision,
       known.is_reached, $newcomer AS is_newcomer
  FROM gate LEFT JOIN known ON true
