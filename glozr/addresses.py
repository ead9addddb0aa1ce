"""E-mail addresses of people and of leads: how one is written, and which of them look alike.

Letters that a reader or a program takes for others (full-width ones, an i without its dot, the
sign for kelvin) make two addresses of what looks like one, and mail servers, databases and Python
do not agree on which. So they are refused where an address enters, and compared by `key_of`.
Letters of other alphabets are left to the domain's own form, `xn--…`, which looks like itself.
"""

import unicodedata

from glozr.text import EMAIL_LENGTH

# What upper and lower case make of the Turkish letters, which no normal form puts together.
_TURKISH = {ord("\N{LATIN SMALL LETTER DOTLESS I}"): "i", ord("\N{COMBINING DOT ABOVE}"): None}


def normalised(text: str) -> str:
    """The address as it is kept: no blanks around it, small letters, the domain as mail servers
    write it. What is no address at all comes back as something that is none either."""
    local, at, domain = text.strip().rpartition("@")
    return f"{local.lower()}{at}{_ascii(domain.lower())}"


def key_of(address: str) -> str:
    """The same for all addresses that can be taken for one another, and for no others."""
    return normalised(_folded(address))


def problem_of_address(text: str) -> tuple[str, str] | None:
    """The code and sentence of what is wrong with the letters of an address, if anything.

    That it has the shape of an address is for Django's own validators to see.
    """
    address = text.strip()
    if len(address) > EMAIL_LENGTH or len(normalised(address)) > EMAIL_LENGTH:
        return "max_length", f"An e-mail address has at most {EMAIL_LENGTH} characters."
    strange = "".join(sorted({one for one in address if _is_look_alike(one)}))
    if strange or _folded(address) != address.lower():
        return "look_alike", (
            f"This address holds letters that look like others{f' ({strange})' if strange else ''}."
            " Type plain letters; a domain with other letters goes by its form that begins xn--."
        )
    return None


def _is_look_alike(letter: str) -> bool:
    """Whether it becomes another letter than its own small one, or a plain one from none."""
    plain = _folded(letter)
    return not letter.isascii() and (plain != letter.lower() or plain.isascii())


def _folded(text: str) -> str:
    """Every letter as the plainest one that it can be taken for."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_TURKISH)
    return unicodedata.normalize("NFKC", plain)


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:  # no domain: an empty or a far too long part
        return domain
