"""Second factors: a code by time from a phone, a recovery code, or a passkey, which also logs in alone.

Who needs one to log in is a rule of the core, for it holds in every protocol: `domain/accounts/second_factor.py`.
"""

from chat.domain.accounts.second_factor import CODES
from chat.features.feature import Feature
from chat.features.second_factor.native import OPERATIONS
from chat.features.second_factor.passkeys.native import OPERATIONS as OF_PASSKEYS
from chat.features.second_factor.passkeys.port import PASSKEYS
from chat.features.second_factor.passkeys.queries import PostgresPasskeys
from chat.features.second_factor.passkeys.use_cases import LIMITS, PasskeyLimits
from chat.features.second_factor.port import FACTORS
from chat.features.second_factor.queries import PostgresSecondFactors
from chat.features.second_factor.use_cases import FactorCodes

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="second_factor",
    ports={FACTORS: PostgresSecondFactors, PASSKEYS: PostgresPasskeys},
    services={CODES: FactorCodes, LIMITS: PasskeyLimits},
    operations=OPERATIONS + OF_PASSKEYS,
)
