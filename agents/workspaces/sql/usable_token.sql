-- Of the tokens, the usable one of a key: its own, or the one before while their overlap lasts. By
-- the clock, not the transaction's beginning, as a call may wait for a lock.
(token.digest = %(digest)s
        OR (token.previous_digest = %(digest)s AND token.previous_until > statement_timestamp()))
       AND token.revoked_at IS NULL
       AND (token.expires_at IS NULL OR token.expires_at > statement_timestamp())
