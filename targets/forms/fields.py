"""Fields that several forms of planning have."""

from decimal import Decimal
from typing import Any

MONEY: dict[str, Any] = {"max_digits": 18, "decimal_places": 2, "min_value": Decimal(0)}
