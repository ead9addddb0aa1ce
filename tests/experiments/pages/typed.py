"""The form of an experiment as a browser posts it."""

from collections.abc import Mapping, Sequence


def row(name: str, weight: str = "50", **fields: str) -> dict[str, str]:
    empty = {"as_json": "", "persona_name": "", "persona_tone": "", "config": "{}"}
    return {"name": name, "weight": weight, **empty, **fields}


CONTROL = row("control", persona_name="Max")
TREATMENT = row("treatment", persona_name="Aria", persona_tone="warm and concise")


def typed(
    *rows: Mapping[str, str], name: str = "Aria or Max", kind: str = "persona", **fields: str
) -> dict[str, str]:
    """A post of `rows`; control and treatment, if there are none."""
    shown: Sequence[Mapping[str, str]] = rows or (CONTROL, TREATMENT)
    return {
        "name": name,
        "kind": kind,
        "hypothesis": "",
        **{
            f"variants-{index}-{field}": value
            for index, variant in enumerate(shown)
            for field, value in variant.items()
        },
        **fields,
    }
