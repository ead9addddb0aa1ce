-- Of the tokens, the usable one of a key: its own, or the one before while their overlap lasts. By
-- the clock, not the transaction's beginning, as a call may wait for a lock. An index is read for
-- each of the two, which costs the database less than an OR of both.
token.digest = coalesce(
           (SELECT rotated.digest
              FROM api_tokens rotated
             WHERE rotated.previous_digest = %(digest)s
               AND rotated.previous_until > statement_timestamp()),
           %(digest)s)
       AND token.revoked_at IS NULL
       AND (token.expires_at IS NULL OR token.expires_at > statement_timestamp())
