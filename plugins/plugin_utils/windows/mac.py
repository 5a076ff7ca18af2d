# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hardware addresses of network adapters in the notations that Windows and Configuration Manager write them in."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NOTATIONS = re.compile(r"(?:[0-9A-F]{12}|[0-9A-F]{2}(?::[0-9A-F]{2}){5}|[0-9A-F]{2}(?:-[0-9A-F]{2}){5}|[0-9A-F]{4}(?:\.[0-9A-F]{4}){2})\Z")
_ALIKE = re.compile(r"[0-9A-Fa-f:.\-]{9,}\Z")
_PAIRS = re.compile("..")


def digits(text: str) -> str | None:
    """The twelve hexadecimal digits in capitals; None for what is no hardware address."""
    upper = text.strip().upper()
    return re.sub(r"[:.\-]", "", upper) if _NOTATIONS.match(upper) else None


def looks_like(text: str) -> bool:
    """Whether somebody meant a hardware address and missed: many digits with the usual signs between them, and no letter beyond F."""
    stripped = text.strip()
    return bool(_ALIKE.match(stripped)) and ("-" in stripped or ":" in stripped or "." not in stripped)


def colons(mac: str) -> str:
    """Twelve digits as people read them best."""
    return ":".join(_PAIRS.findall(mac))


def spelled(mac: str, like: Iterable[str] = ()) -> str:
    """Twelve digits in the notation of the first hardware address among some texts, with colons where there is none."""
    model = next((text.strip() for text in like if digits(text)), None)
    if model is None:
        return colons(mac)
    if "." in model:
        written = ".".join(re.findall("....", mac))
    else:
        written = next((sign for sign in ":-" if sign in model), "").join(_PAIRS.findall(mac))
    return written.lower() if model != model.upper() else written
