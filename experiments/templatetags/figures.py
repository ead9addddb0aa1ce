"""Figures of results in templates; `experiments.results.figures` says how they are written."""

from django import template

from experiments.results import figures
from glozr.zones import moment_in_words

register = template.Library()

register.filter("value", figures.value)
register.filter("difference", figures.difference)
register.filter("relative", figures.relative)
register.filter("p_value", figures.p_value)
register.filter("reach", figures.reach)
register.filter("reason", figures.reason)
register.filter("in_zone", moment_in_words)


@register.filter
def arm_letter(position: int) -> str:
    """What tells a variant from others beside its colour: A for the control, then B, C, …"""
    return chr(ord("A") + position)
