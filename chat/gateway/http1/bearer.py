"""The token that a request carries in its `Authorization` header, for HTTP and for WebSockets."""


def bearer_token(authorization: str) -> str | None:
    """Return the token of an `Authorization` header: `Bearer <token>`, or the bare token. None: another scheme."""
    words = authorization.split()
    match words:
        case [token]:
            return token
        case [scheme, token] if scheme.lower() == "bearer":
            return token
    return None
