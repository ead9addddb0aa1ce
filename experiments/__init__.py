"""A/B experiments on chat agents.

At the root stands what every room speaks: `models`, `limits`, `bucketing` (pure), `configuration`
(the rules of a set-up), `access`, `history`, `split`, `sums`. The rooms, by subject: `runtime`
(a visitor's variant), `lifecycle` (a set-up and its steps), `plans` (what it is planned to take),
`statistics` (pure), `results` (from raw rows to a verdict), `visitors` (what visitors did, to be
read), `learning` and `outcomes` (before an experiment, and after it), `schedules` (starts and ends
by themselves), `notices` (what people are told, by mail and webhook too). The doors: `pages`,
`api`, `admin`, `demo` and the management commands. Doors call rooms, rooms call the root, never
back; `[tool.importlinter]` in pyproject.toml holds it.
"""
