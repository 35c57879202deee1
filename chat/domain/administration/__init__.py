"""Administration: accounts, settings and the audit."""
