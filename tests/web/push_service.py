"""What stands in for the browser vendor's push service, which Chromium asks for a subscription."""

import msgspec
from playwright.sync_api import BrowserContext

from tests.features.push.browser import Browser

_SCRIPT = """(() => {
let current = null;
PushManager.prototype.getSubscription = async () => current;
PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
    const binary = atob(applicationServerKey.replaceAll("-", "+").replaceAll("_", "/"));
    const key = Uint8Array.from(binary, (char) => char.charCodeAt(0)).buffer;
    current = {
        options: { applicationServerKey: key },
        toJSON: () => (%s),
        unsubscribe: async () => { current = null; return true; },
    };
    return current;
};
})()"""
"""A page has its subscription at once; nothing answers at its endpoint."""


def give_push_service(context: BrowserContext) -> None:
    """Give the pages of a browser subscriptions with keys of its own."""
    subscription = Browser().subscription("https://push.invalid/one")
    context.add_init_script(_SCRIPT % msgspec.json.encode(subscription).decode())
