"""Do both designs keep their promises? Thousands of simulated experiments say.

`python -m bench.simulation` runs `watched`, `unruly` and `planned`. All compute many runs at once
with numpy (`likelihood`) over made-up visitors (`populations`, `habits`; `plans` for whole plans),
and put samples to the product's own functions.
"""
