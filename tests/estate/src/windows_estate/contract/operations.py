# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every operation of the contract."""

from __future__ import annotations

from typing import Final

from windows_estate.contract import (
    account_operations,
    cim_operations,
    cmdlet_operations,
    file_operations,
    program_operations,
    registry_operations,
)
from windows_estate.contract.context import Operation
from windows_estate.contract.wait_operation import waiting

_DIRECT: Final[dict[str, Operation]] = {
    **registry_operations.OPERATIONS,
    **cim_operations.OPERATIONS,
    **cmdlet_operations.OPERATIONS,
    **program_operations.OPERATIONS,
    **account_operations.OPERATIONS,
    **file_operations.OPERATIONS,
}
OPERATIONS: Final[dict[str, Operation]] = {**_DIRECT, "wait": waiting(_DIRECT)}
