"""Pure: the API's description as Markdown, for programs that read text."""

from collections.abc import Iterable, Iterator

from agents.pages.reference.api_reference import DescribedCall, Field, Section


def markdown_of(
    sections: Iterable[Section], errors: Iterable[Field], abilities: Iterable[tuple[str, str]]
) -> str:
    """The same as the page shows, in the same order."""
    lines = [
        "# Glozr A/B experiments: API",
        "",
        "Send a token with each call, as in `Authorization: Bearer $TOKEN`. Owners and Admins make "
        "tokens on the page API tokens of their workspace and choose what each may do:",
        "",
        *(f"- `{ability}`: {does}" for ability, does in abilities),
        "",
        "What goes wrong is told as JSON, with a status of 400 or above:",
        "",
        *_listed(errors),
        "",
    ]
    for section in sections:
        lines += [f"## {section.name}", ""]
        for call in section.calls:
            lines += _told(call)
    return "\n".join(lines)


def _told(call: DescribedCall) -> Iterator[str]:
    yield from (f"### {call.title}", "", f"`{call.method} {call.path}`", "")
    if call.about:
        yield from (call.about, "")
    for title, fields in (("In the address and headers", call.parameters), ("Body", call.body)):
        if fields:
            yield from (f"{title}:", "", *_listed(fields), "")
    yield from ("```sh", call.command, "```", "", "Answers:", "")
    for answer in call.answers:
        yield f"- `{answer.status}`: {answer.meaning}"
        yield from (f"  {line}" for line in _listed(answer.fields))
    yield ""


def _listed(fields: Iterable[Field]) -> Iterator[str]:
    for field in fields:
        kind = f"{field.type}, required" if field.is_required else field.type
        more = [field.bounds, " ".join(field.about.split())]
        if field.values:
            more.append("one of " + ", ".join(f"`{value}`" for value in field.values))
        told = "; ".join(part for part in more if part)
        yield f"- `{field.name}` ({kind}){f': {told}' if told else ''}"
