"""Second factors: a code by time from a phone, or a recovery code, beside the password.

Who needs one to log in is a rule of the core, for it holds in every protocol: `domain/accounts/second_factor.py`.
"""

from chat.domain.accounts.second_factor import CODES
from chat.features.feature import Feature
from chat.features.second_factor.native import OPERATIONS
from chat.features.second_factor.port import FACTORS
from chat.features.second_factor.queries import PostgresSecondFactors
from chat.features.second_factor.use_cases import FactorCodes

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="second_factor",
    ports={FACTORS: PostgresSecondFactors},
    services={CODES: FactorCodes},
    operations=OPERATIONS,
)
