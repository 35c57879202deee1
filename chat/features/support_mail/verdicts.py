"""What one's own mail server found out about a mail's sender (Authentication-Results, RFC 8601). Sync and pure.

Anybody can write this header. It counts only with the name of one's own mail server, and only the topmost one: mail
servers put theirs above those that came with a mail.
"""

import re
from collections.abc import Sequence

_COMMENT = re.compile(r"\([^()]{0,500}\)")
_RESULT = re.compile(r"(dmarc|spf|dkim)\s{0,4}=\s{0,4}([a-z]{1,12})\b", re.IGNORECASE)
_FIELD = re.compile(
    r"(header\.from|header\.d|smtp\.mailfrom)\s{0,4}=\s{0,4}\"?([^\s;\"]{1,254})", re.IGNORECASE
)


def verdict_of(results: Sequence[str], server: str, sender: str) -> str:
    """Return `pass`, `fail`, or `none`: nothing was found out that says who sent it.

    `server` is the name by which one's own mail server begins its header; "": none is believed. `pass` is DMARC's, or
    SPF's or DKIM's for the domain of the sender itself.
    """
    topmost = next((each for each in results if server and _server_of(each) == server.lower()), None)
    if topmost is None or topmost is not results[0]:
        return "none"
    domain = sender.rpartition("@")[2].lower()
    found: dict[str, set[str]] = {}
    for part in _COMMENT.sub(" ", topmost[:8192]).split(";")[1:]:
        result = _RESULT.match(part.strip())
        if result is None:
            continue
        method, said = result[1].lower(), result[2].lower()
        fields = {name.lower(): value.rpartition("@")[2].lower() for name, value in _FIELD.findall(part)}
        about = {"dmarc": "header.from", "dkim": "header.d", "spf": "smtp.mailfrom"}[method]
        if fields.get(about, domain if method == "dmarc" else "") == domain:
            found.setdefault(method, set()).add(said)
    if "dmarc" in found:
        return {"pass": "pass", "fail": "fail"}.get(min(found["dmarc"]), "none")
    said_of_all = set().union(*found.values()) if found else set()
    if "pass" in said_of_all:
        return "pass"
    return "fail" if "fail" in said_of_all else "none"


def _server_of(header: str) -> str:
    words = _COMMENT.sub(" ", header[:500]).partition(";")[0].split()
    return words[0].lower() if words else ""
