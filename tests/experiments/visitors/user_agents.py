"""User agents in the forms that their makers document, from `user_agents.txt`: of people's devices,
of bots, of assistants."""

from pathlib import Path


def _section(name: str) -> tuple[str, ...]:
    text = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    section = text.split(f"\n# {name}\n", 1)[1].partition("\n# ")[0]
    return tuple(section.rstrip("\n").split("\n"))


PEOPLE, BOTS, ASSISTANTS = (_section(name) for name in ("PEOPLE", "BOTS", "ASSISTANTS"))
