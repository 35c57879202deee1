"""OpenID Connect: people log in by an identity provider, and the provider logs them out."""

from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.oidc.native import OPERATIONS
from chat.features.oidc.port import IDENTITIES
from chat.features.oidc.provider import PROVIDER, Provider
from chat.features.oidc.queries import PostgresIdentities

__all__ = ["FEATURE"]


def _is_on(services: EngineServices) -> bool:
    return services.provider is not None


FEATURE = Feature(
    name="oidc",
    is_on=_is_on,
    ports={IDENTITIES: PostgresIdentities},
    services={PROVIDER: Provider},
    operations=OPERATIONS,
)
