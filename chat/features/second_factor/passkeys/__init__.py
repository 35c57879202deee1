"""Passkeys (WebAuthn): a log-in of their own, and a second factor beside a password."""
