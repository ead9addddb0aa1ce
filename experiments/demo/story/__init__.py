"""What the demo's workspace has behind it: agents of four trades, their experiments of ten weeks,
who wrote to them and what was said.

`telling` makes it, with the services that people use and then moved to when it happened; `trades`
says who the agents are, `dialogues` what is said (`texts/`), `crowds` writes the visitors, and
`moments` moves what was just done. The figures are the same each time; the times are relative to
now.
"""
