"""What may be given for the settings that can be changed while the server runs, at its start and later."""

from typing import Annotated, Literal

from msgspec import Meta

Registration = Literal["open", "invite", "closed"]
"""Who may register: anybody, whoever has an invite, or nobody."""

PerHour = Annotated[int, Meta(ge=0, le=1_000_000)]
Rate = Annotated[float, Meta(ge=0, le=1_000_000)]
"""A second."""
MOST_BYTES = 1 << 30
ByteRate = Annotated[int, Meta(ge=0, le=MOST_BYTES)]
"""Bytes a second, in whole ones."""
