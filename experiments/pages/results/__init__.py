"""The results of an experiment on its page, and of all that an agent ever ran.

`context` gathers what the templates show, `drawn` draws a metric, `advice` says what to do now with
its buttons, `sections` divides the rest by the questions that it answers, `pages` has the views.
"""
