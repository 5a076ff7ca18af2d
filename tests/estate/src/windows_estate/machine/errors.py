# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one error that Windows raises here."""

from __future__ import annotations

from typing import Any, Final

# WBEM status codes (wbemcli.h), as the signed numbers in which .NET shows them.
WMI_STATUS: Final[dict[str, int]] = {
    "Failed": -2147217407,
    "NotFound": -2147217406,
    "AccessDenied": -2147217405,
    "ProviderFailure": -2147217404,
    "TypeMismatch": -2147217403,
    "InvalidParameter": -2147217400,
    "ProviderLoadFailure": -2147217389,
    "InvalidNamespace": -2147217394,
    "InvalidClass": -2147217392,
    "ProviderNotCapable": -2147217372,
    "InvalidQuery": -2147217385,
    "InvalidMethod": -2147217362,
    "Timedout": -2147217303,
}

# Win32 error 5 as an HRESULT: what .NET's UnauthorizedAccessException carries.
E_ACCESSDENIED: Final = -2147024891


class HostError(Exception):
    """Something that Windows refuses. `kind` is a word of the contract, `code` an HRESULT, Win32 or WMI number, or nothing."""

    def __init__(self, kind: str, message: str, code: int | None = None, **details: Any) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.code = code
        self.details = details


def denied(what: str, code: int = E_ACCESSDENIED) -> HostError:
    return HostError("access_denied", f"Access to {what} is denied.", code)


def invalid(message: str) -> HostError:
    return HostError("invalid", message)
