"""Chat agents: made and edited in `editing`, their system prompt put together in `prompt` (pure).

Whatever changes an agent's answers happens inside `editing.changing`. What an agent said when is in
`revisions`; what rests on it registers in `dependents` and is told of edits.
"""
