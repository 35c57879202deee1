"""What was typed before, which ↑ and ↓ bring back. Pure."""

_MOST = 500
"""Lines that are remembered."""


class TypedHistory:
    """The lines that were sent, and a walk among them.

    A line that is changed during a walk stays so until the walk ends.
    """

    def __init__(self) -> None:
        self._typed: list[str] = []
        self._walk: list[str] | None = (
            None  # a copy, and behind it the line that was typed when the walk began
        )
        self._at = 0

    @property
    def is_walking(self) -> bool:
        """Whether the line is one that was brought back."""
        return self._walk is not None

    def note(self, line: str) -> None:
        """A line was sent; a walk ends. Sync."""
        self.stop()
        self._remember(line)

    def stop(self) -> None:
        """End a walk; the line that it began with is one that was typed. Sync."""
        walk, self._walk = self._walk, None
        if walk is not None and walk[-1].strip():
            self._remember(walk[-1])

    def _remember(self, line: str) -> None:
        if line not in self._typed[-1:]:
            self._typed.append(line)
            del self._typed[:-_MOST]

    def older(self, line: str, *, but: str | None = None) -> str | None:
        """Return the line before the one that is typed; None: there is none. Sync.

        Args:
            line: what is typed now.
            but: a line that is passed over where it was sent last.
        """
        if self._walk is None:
            typed = self._typed[:-1] if but is not None and self._typed[-1:] == [but] else self._typed
            if not typed:
                return None
            self._walk = [*typed, line]
            self._at = len(typed)
        if self._at == 0:
            return None
        return self._step(-1, line)

    def newer(self, line: str) -> str | None:
        """Return the line after the one that is typed, at the end the one that the walk began with. Sync."""
        if self._walk is None:
            return None
        found = self._step(1, line)
        if self._at == len(self._walk) - 1:
            self._walk = None
        return found

    def _step(self, by: int, line: str) -> str:
        assert self._walk is not None
        self._walk[self._at] = line
        self._at += by
        return self._walk[self._at]
