"""What an experiment can answer, before there is one.

`planning` says how long an experiment would take for a lift, and what so many weeks can show, in
figures and in words, from the agent's own last eight weeks (`plans.baseline`) or typed figures.
`picture` draws it, and `designs` says beside a set-up what either design would take.
"""
