"""Pure: what answers where no model is set. It is none, says so, and shows what reached it."""

from collections.abc import Iterator, Mapping, Sequence

from agents.agents.prompt import BUILT_IN

SHOWN = 600
"""Characters of the prompt, after the built-in part."""
_LINE = "This is an offline stand-in, not a model: an Owner or Admin can set one."


def stand_in_answer(
    persona: Mapping[str, str], turns: Sequence[Mapping[str, str]]
) -> Iterator[str]:
    """Its answer in words, as a model's would come. Of `turns` the first holds the prompt."""
    prompt, said = turns[0]["content"], turns[-1]["content"]
    own = prompt.removeprefix(BUILT_IN).strip()
    is_cut = len(own) > SHOWN
    lines = (
        f"I am {persona['name'] or 'the agent'}. {_LINE}",
        f"You wrote: “{said if len(said) <= SHOWN else said[:SHOWN] + '…'}”",
        f"A prompt of {len(prompt):,} characters reached me"
        + (", the built-in rules first" if prompt.startswith(BUILT_IN) else "")
        + (f". Then it says: “{own[:SHOWN]}{'…' if is_cut else ''}”" if own else "."),
    )
    for word in "\n\n".join(lines).split(" "):
        yield f"{word} "
