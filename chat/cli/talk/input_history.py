"""The lines typed before, which ↑ and ↓ bring back. Pure."""

_MAX_LINES = 500


class InputHistory:
    """The lines that were sent, and a walk through them.

    A line changed during a walk keeps its change until the walk ends.
    """

    def __init__(self) -> None:
        self._typed: list[str] = []
        # During a walk: a copy of the lines, and after them the line that was in the editor.
        self._walk: list[str] | None = None
        self._at = 0

    @property
    def is_walking(self) -> bool:
        """Whether the line in the editor is from the history."""
        return self._walk is not None

    def note(self, line: str) -> None:
        """Add a sent line; end the walk. Sync."""
        self.stop()
        self._remember(line)

    def stop(self) -> None:
        """End the walk; keep the line that it began with. Sync."""
        walk, self._walk = self._walk, None
        if walk is not None and walk[-1].strip():
            self._remember(walk[-1])

    def _remember(self, line: str) -> None:
        if line not in self._typed[-1:]:
            self._typed.append(line)
            del self._typed[:-_MAX_LINES]

    def older(self, line: str, *, but: str | None = None) -> str | None:
        """Return the line before the present one, or None. Sync.

        Args:
            line: the line in the editor.
            but: skip this line if it was the last one sent.
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
        """Return the line after the present one; at the end the line that the walk began with. Sync."""
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
