"""OpenID Connect: identities, tokens of the provider, and log-ins by it."""
