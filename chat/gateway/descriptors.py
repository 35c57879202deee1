"""Each connection takes a file descriptor, and a process starts with fewer of them than it may have."""

import sys


def raise_descriptor_limit() -> int | None:
    """Raise the number of open files from its soft limit to the hard one; return the limit that now holds.

    None where the system has no such limit (Windows) or does not tell.
    """
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS calls its hard limit infinite and still refuses more than 10,240.
    for limit in (hard, 10_240):
        if limit == soft or (soft != resource.RLIM_INFINITY and 0 <= limit < soft):
            break
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        except (ValueError, OSError):
            continue
        soft = limit
        break
    return None if soft == resource.RLIM_INFINITY else soft
