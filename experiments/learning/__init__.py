"""What an experiment can answer, before there is one.

`baseline` reads what the agent's visitors did in the last eight weeks; `planning` says how long an
experiment would take for a lift, and what so many weeks can show, in figures and in words.
"""
