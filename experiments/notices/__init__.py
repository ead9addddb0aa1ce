"""What people are told of experiments: on pages, by mail and by webhook.

A step's notice is written by the step's own transaction (`telling`, which listens to the history);
what no step tells of is looked for by a background step (`watching`); either way once, as the
database holds it. Another step passes a notice on (`passing_on`): as mail into the outbox, in the
words of `words` and `letters`, to those who want it (`preferences`), and as a delivery for each
webhook (`webhooks`). `delivering` brings those to their addresses over `posting`, which speaks to
public ones alone, in the form that `payloads` gives. `reading` is for pages; `upkeep` clears away.
"""
