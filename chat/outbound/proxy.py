"""The proxy that the server's environment names: HTTPS_PROXY and HTTP_PROXY, but for the hosts of NO_PROXY."""

from collections.abc import Mapping
from urllib.request import getproxies_environment, proxy_bypass


def read_proxies() -> Mapping[str, str]:
    """Return the proxies of the environment, by scheme. It looks at each of its variables. Sync."""
    return getproxies_environment()


def proxy_for(proxies: Mapping[str, str], scheme: str, host: str) -> str | None:
    """Return the URL of the proxy for a host; None: there is none. Sync and pure."""
    url = proxies.get(scheme)
    if not url or proxy_bypass(host, proxies):
        return None
    return url if "://" in url else f"http://{url}"
