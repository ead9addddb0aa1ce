"""Chat agents: made and edited in `editing`, their system prompt put together in `prompt` (pure).

Whatever changes an agent's answers happens inside `editing.changing`.
"""
