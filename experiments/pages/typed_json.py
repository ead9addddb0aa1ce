"""Pure: JSON as people type it into a form, and what of it the fields of a persona can hold."""

import json
from collections.abc import Mapping

from experiments import limits
from glozr.inputs.json_body import refuse_constant
from glozr.text import is_encodable


def read_json(text: str) -> tuple[object, str]:
    """The JSON in `text`, or a sentence on why it can't be read; no text is an empty object."""
    try:
        value = json.loads(
            text.strip() or "{}", parse_constant=refuse_constant, object_pairs_hook=_once_each
        )
        json.dumps(value)  # as deep as this can be written again
    except json.JSONDecodeError as error:
        return None, f"This is not JSON: see line {error.lineno}, character {error.colno}."
    except KeyError as error:
        return None, f"The key {error} stands twice in one object. Keep one of the two."
    except (ValueError, RecursionError):
        return None, "This is not JSON that can be kept. Write an object, such as {}."
    if not is_encodable(json.dumps(value, ensure_ascii=False)):
        return None, "A text in it holds half of a surrogate pair."
    return value, ""


def written_json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def persona_in_fields(config: object) -> dict[str, str] | None:
    """The persona's name and tone for the fields, if `config` holds nothing else."""
    persona: object = {}
    match config:
        case {"persona": found, **rest} if not rest:
            persona = found
        case {**rest} if not rest:
            pass
        case _:
            return None
    if not isinstance(persona, Mapping) or persona.keys() - limits.PERSONA_LIMITS.keys():
        return None
    if not all(isinstance(text, str) for text in persona.values()):
        return None
    return {f"persona_{key}": persona.get(key, "") for key in limits.PERSONA_LIMITS}


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of these keys. JSON lets a key stand twice, of which one would get lost."""
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise KeyError(key)
        found[key] = value
    return found
