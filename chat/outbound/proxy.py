"""The proxy that the server's environment names: HTTPS_PROXY and HTTP_PROXY, but for the hosts of NO_PROXY."""

from urllib.request import getproxies_environment, proxy_bypass


def proxy_for(scheme: str, host: str) -> str | None:
    """Return the URL of the proxy for a host; None: there is none. Sync."""
    url = getproxies_environment().get(scheme)
    if not url or proxy_bypass(host):
        return None
    return url if "://" in url else f"http://{url}"
