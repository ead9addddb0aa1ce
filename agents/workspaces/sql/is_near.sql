-- Whether the token may be used from the address of this call; one that is not known is nowhere.
(token.networks IS NULL OR coalesce(%(client)s::inet <<= ANY (token.networks), false))
