"""Mail: a row of the transaction that it is about (`outbox`), sent afterwards by the background
process (`sending`, over `smtp`) and cleared away (`upkeep`).

`outbox` writes, withdraws and repeats mail; `backend` makes Django's and allauth's own go the same
way; `allowance` counts how much of it may go where; `words` keeps what people call themselves from
looking like a link.
"""
