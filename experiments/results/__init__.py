"""From raw rows to a verdict.

`rollup` keeps the summaries, `totals` reads them, `verification` proves them. `metrics` names what
is measured; `timing` says when, and what happened meanwhile; `report` puts one experiment's results
together and `overview` an agent's; `verdicts`, `figures` and `charts` (pure) say and draw them;
`export` writes what visitors did.
"""
