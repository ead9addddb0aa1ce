"""Is what wrote first a person's browser, a bot, or an assistant that acts for a person?

Rules of our own. Of the packages that were tried (see the tests) each calls somebody's phone a bot
or takes every plain HTTP client for a person, and one takes 47 ms. To call a person a bot is the
worse error, so a word that ends in "bot" is one only where programs put it: before a version, as
the name after `compatible;`, as the first word of all, or beside an address to complain to. Names
of devices stand elsewhere.

The patterns are run by Python's engine alone, over lower-case letters: what they found is kept with
the conversation, and no other program ever reads a user agent.
"""

import re
from functools import lru_cache
from typing import Final

from agents import limits
from agents.models import ClientKind

_ASSISTANT: Final = re.compile(
    r"[a-z]-user/\d"
    r"|\b(?:duckassistbot|meta-externalfetcher|gemini-deep-research|google-notebooklm"
    r"|google-read-aloud|googleagent-)"
)
"""What fetches while somebody waits for it, whose question it brings."""

_NO_BRAND: Final = "(?<!cu)(?<!fossi)"
"""Cubot and FOSSiBOT make phones."""
_BOT: Final = re.compile(
    # An address to complain to, as no browser carries one but for an old component's.
    r"\+https?://|\+www\.|[;(] ?https?://(?!(?:www\.)?bsalsa)"
    rf"|{_NO_BRAND}bot(?:/|[;,)] ?\+?https?:|-google)"
    r"|(?:spider|crawler|crawl|scraper)/v?\d"
    # A name where Internet Explorer and some old browsers have theirs.
    r"|\(compatible;(?! ?(?:msie|konqueror|opera|windows|linux|android|webos|netfront|symbian"
    r"|gecko|smartphone|tablet|antgalio|u;|\)))"
    rf"|compatible; ?[^;)]{{0,40}}(?:{_NO_BRAND}bot|spider|crawl)"
    # The first word, in place of a browser's.
    rf"|^(?!mozilla/|opera/|dalvik/)[^/(; ]{{0,40}}(?:{_NO_BRAND}bot|spider|crawl|scrap|slurp)"
    # Libraries and tools. What apps on telephones use (okhttp, CFNetwork, Dart) is not among them.
    r"|^(?:curl|wget|httpie|k6|php|java|ruby|perl|node(?:\.js)?|undici|axios|scrapy"
    r"|insomnia|postmanruntime|apache-httpclient|go-http-client|guzzlehttp|libwww-perl|node-fetch"
    r"|python|python-requests|python-urllib|python-httpx)(?:/|$)"
    r"|^whatsapp/[\d.]+(?: [a-z])?$"
    # Browsers that nobody sits before.
    r"|headlesschrome|phantomjs|chrome-lighthouse|\bptst/|puppeteer|playwright|selenium|\bjsdom/"
    r"|\bcypress/|datadogsynthetics|statuscake|pingdom|gtmetrix|screaming frog"
    # Those that fetch for a search engine, an archive or a preview, without being asked.
    r"|mediapartners-google|google-inspectiontool|googleother|google-safety|feedfetcher|slurp;"
    r"|bingpreview|ia_archiver|facebookexternalhit|meta-externalagent|skypeuripreview|embedly"
)


@lru_cache(maxsize=2048)
def client_kind_of(user_agent: str) -> ClientKind:
    """By the beginning of the User-Agent header; a person's where nothing says otherwise."""
    text = user_agent[: limits.USER_AGENT_READ].lower()
    if _ASSISTANT.search(text):
        return ClientKind.ASSISTANT
    return ClientKind.BOT if _BOT.search(text) else ClientKind.PERSON
