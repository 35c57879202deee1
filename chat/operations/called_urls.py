"""The URLs of other programs that people let the server call."""

from chat.domain.refusals import Code, Refusal
from chat.outbound.client import RequestFailed
from chat.outbound.target import parse_target

LONGEST_URL = 2000

BAD_URL = Refusal(
    Code.INVALID,
    f"a hook's URL begins with https:// or http://, has at most {LONGEST_URL} characters and no password",
    field="url",
    reason="bad_hook_url",
)
OWN_URL = Refusal(
    Code.INVALID, "a hook cannot call the server that it is on", field="url", reason="own_hook_url"
)


def url_refusal(url: str, public_url: str) -> Refusal | None:
    """Return why a hook may not call a URL; None: it may. `public_url` is the server's own address, if it is known."""
    if len(url) > LONGEST_URL:
        return BAD_URL
    try:
        target = parse_target(url)
        if public_url and target.origin == parse_target(public_url).origin:
            return OWN_URL
    except RequestFailed:
        return BAD_URL
    return None
