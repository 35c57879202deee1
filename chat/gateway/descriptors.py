"""Raises the limit on file descriptors, one of which each connection takes."""

import sys


def raise_descriptor_limit() -> int | None:
    """Raise the soft limit on open files to the hard one, and return the new limit.

    None: the system has no such limit (Windows), or it is infinite.
    """
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS reports an infinite hard limit and still refuses more than 10,240.
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
