"""Why a request of the server got no answer that can be used."""

from enum import StrEnum


class Reason(StrEnum):
    """A stable key for each way in which a request fails."""

    BAD_URL = "bad_url"
    REFUSED_ADDRESS = "refused_address"
    NO_ADDRESS = "no_address"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    TOO_LONG = "too_long"
    ENCODED = "encoded"
    REDIRECT = "redirect"


class RequestFailed(Exception):
    """A request got no usable answer. The request may have been carried out, unless the reason is about its address.

    `reason` is for programs; the text names the host, and never the path of the URL, which may be a secret.
    """

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason
