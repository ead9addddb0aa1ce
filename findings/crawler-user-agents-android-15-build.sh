#!/usr/bin/env bash
# Package: crawler-user-agents 1.67.0 (PyPI; the same list as on npm and as a Go module).
# Seen: is_crawler() is true for people's telephones. One pattern, AP3A\.240617\.008, is the number
#   of a build of Android 15 that OPPO, OnePlus, realme and Xiaomi ship: whoever opens a page in an
#   app there (Instagram, Facebook, Viber, any WebView; Chrome itself sends no build) is a crawler.
#   The pattern MetaIAB Facebook takes in Facebook's own in-app browser, Butterfly an HTC
#   telephone, Sonic every ViewSonic.
# Why: the entry is that of the crawler "008" (80legs), whose real user agent says 008/0.83; the
#   build number ends in .008. Patterns are searched anywhere, and instances that must not match
#   are not part of the list.
# Surprise: the README asks for "a discriminant relevant syntactic fragment" in each pattern, and
#   the entry's own instance is an Instagram window on an OPPO telephone.
# Who meets it: whoever refuses, or leaves out of figures, what the list calls a crawler.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check crawler-user-agents==1.67.0 \
  2>pip.log || { cat pip.log; exit 1; }
venv/bin/python - <<'PY'
from importlib.metadata import version

from crawleruseragents import CRAWLER_USER_AGENTS_DATA, is_crawler, matching_crawlers

WEBVIEW = "AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/{0} Mobile Safari/537.36"
PEOPLE = {  # and the pattern that takes each for a crawler
    "Mozilla/5.0 (Linux; Android 15; CPH2609 Build/AP3A.240617.008; wv) "
    + WEBVIEW.format("133.0.6943.137") + " [FB_IAB/FB4A;FBAV/503.0.0.50.73;]": r"AP3A\.240617\.008",
    "Mozilla/5.0 (Linux; Android 15; 23127PN0CC Build/AP3A.240617.008; wv) "
    + WEBVIEW.format("130.0.6723.103"): r"AP3A\.240617\.008",
    "Mozilla/5.0 (Linux; Android 14; SM-A546B Build/UP1A.231005.007; wv) "
    + WEBVIEW.format("136.0.7103.60") + " MetaIAB Facebook": "MetaIAB Facebook",
    "Mozilla/5.0 (Linux; Android 4.4.2; HTC Butterfly Build/KOT49H) "
    "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/44.0.2403.133 Mobile Safari/537.36": "Butterfly",
    "Mozilla/5.0 (Linux; Android 7.0; ViewSonic ViewPad 10 Build/NRD90M) "
    "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/71.0.3578.99 Safari/537.36": "Sonic",
}
print("crawler-user-agents", version("crawler-user-agents"), len(CRAWLER_USER_AGENTS_DATA), "patterns")
for user_agent, pattern in PEOPLE.items():
    found = [CRAWLER_USER_AGENTS_DATA[index] for index in matching_crawlers(user_agent)]
    print([each["pattern"] for each in found], user_agent[:75])
    assert is_crawler(user_agent) and [each["pattern"] for each in found] == [pattern]
[entry] = [each for each in CRAWLER_USER_AGENTS_DATA if each["pattern"] == r"AP3A\.240617\.008"]
print(entry["url"], "-", entry["description"], "-", entry["instances"][0][:60])
assert "Instagram" in entry["instances"][0] and "80legs" in entry["description"]
# Another build of the same telephone, and the crawler itself.
assert not is_crawler("Mozilla/5.0 (Linux; Android 15; CPH2609 Build/AP3A.240905.015; wv) "
                      + WEBVIEW.format("133.0.6943.137"))
print("as described")
PY
