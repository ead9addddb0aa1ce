"""What an experiment is planned to take.

`baseline` reads what the agent's visitors did in the last eight weeks; `frozen` makes a plan of it
at the first start, which stays what it is; `words` tells it. Before there is an experiment,
`learning` plans.
"""
