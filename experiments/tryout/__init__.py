"""Trying variants in a chat of one's own: what each would say (`columns`, `answering`), and what
visitors began with (`first_messages`). Nothing of it is stored, assigned or counted."""
