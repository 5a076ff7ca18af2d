# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registry data as bytes: how values look in policy files and in RSoP (the types of winnt.h, REG_SZ and so on)."""

from __future__ import annotations

import base64

_TYPES = {0: "none", 1: "sz", 2: "expand_sz", 3: "binary", 4: "dword", 7: "multi_sz", 11: "qword"}


def decode(number: int, data: bytes) -> tuple[str, object]:
    """The type and data as in the contract; a type that it has no name for is ("unknown", None).

    Numbers that are too short or too long, and text that is no UTF-16, come as ("malformed", Base64 of the bytes).
    """
    kind = _TYPES.get(number, "unknown")
    if kind == "unknown":
        return kind, None
    if kind in ("dword", "qword"):
        if len(data) != (4 if kind == "dword" else 8):
            return "malformed", base64.b64encode(data).decode("ascii")
        return kind, int.from_bytes(data, "little")
    if kind in ("none", "binary"):
        return kind, base64.b64encode(data).decode("ascii")
    try:
        text = data.decode("utf-16-le")
    except UnicodeDecodeError:
        return "malformed", base64.b64encode(data).decode("ascii")
    if kind == "multi_sz":
        return kind, [part for part in text.split("\0") if part]
    return kind, text.split("\0", 1)[0]
