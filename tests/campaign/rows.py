"""The rows of the campaign's table, and how figures stand in them."""

import statistics

Row = tuple[str, str, str, str]  # what, how often, result, seconds to service back


def spread(seconds: list[float]) -> str:
    """Say how long it took, once or often."""
    if len(seconds) == 1:
        return f"{seconds[0]:.2f} s"
    return f"median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s"


def percentile(values: list[float], part: float) -> float:
    """Return the value that this part of all is not above."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]
