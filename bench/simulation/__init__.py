"""Do both designs keep their promises? Thousands of simulated experiments say.

`python -m bench.simulation` runs `watched` and `planned`. Both compute many runs at once with numpy
(`likelihood`) over made-up visitors (`populations`; `plans` for whole plans), and put samples to
the product's own functions.
"""
