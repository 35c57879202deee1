"""The reason why the server could not start, for its operator."""


class CannotStart(Exception):
    """The server refuses to start; the text is one line that says why and what to do."""
