"""A customer's site to start from: a shop page with the chat of an agent (`site`), its chat runtime
(`chat`), written with the public API alone, and the server of both (`__main__`).

It knows nothing of Glozr but its address, an agent's id and a token, and imports nothing of it.
"""
