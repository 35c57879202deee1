"""Addresses: people confirm the email address of their account, and only then get mail about messages there."""

from chat.features.addresses.native import OPERATIONS
from chat.features.addresses.port import ADDRESSES
from chat.features.addresses.queries import PostgresAddresses
from chat.features.feature import Feature

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="addresses",
    is_on=lambda services: services.mail is not None,
    ports={ADDRESSES: PostgresAddresses},
    operations=OPERATIONS,
)
