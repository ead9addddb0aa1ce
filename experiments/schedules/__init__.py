"""Starts and ends by schedule, taken beside requests (`due`), however many processes do.

That nobody is assigned after an end does not rest on it: the assigning statement itself refuses.
Whether an experiment has its answer is asked of `decided`.
"""
