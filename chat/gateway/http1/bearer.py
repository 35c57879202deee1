"""Reads the token from an `Authorization` header, for HTTP and for WebSockets."""


def bearer_token(authorization: str) -> str | None:
    """Return the token of `Bearer <token>` or of a bare token; None for another scheme."""
    words = authorization.split()
    match words:
        case [token]:
            return token
        case [scheme, token] if scheme.lower() == "bearer":
            return token
    return None
