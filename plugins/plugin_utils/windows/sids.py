# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Security identifiers that mean the same on every Windows, whatever its language."""

from __future__ import annotations

import re

ADMINISTRATORS = "S-1-5-32-544"

_SID = re.compile(r"S-1-\d+(-\d+)+\Z", re.IGNORECASE | re.ASCII)
_OF_A_DOMAIN = re.compile(r"S-1-5-21(-\d+){3}-(?P<rid>\d+)\Z", re.IGNORECASE | re.ASCII)
_OF_ENTRA = re.compile(r"S-1-12-1(-\d+){4}\Z", re.IGNORECASE | re.ASCII)
_ADMINISTRATOR_RID = "500"
_FIRST_MADE_RID = 1000

# MS-DTYP 2.4.2.4, well-known SIDs: those that stand for crowds.
_BROAD = {
    "S-1-1-0": "Everyone",
    "S-1-5-7": "Anonymous Logon",
    "S-1-5-11": "Authenticated Users",
    "S-1-5-2": "Network",
    "S-1-2-0": "Local",
    "S-1-5-3": "Batch",
    "S-1-5-13": "Terminal Server Users",
    "S-1-5-14": "Remote Interactive Logon",
    "S-1-5-15": "This Organization",
    "S-1-5-113": "Local account",
    "S-1-5-4": "Interactive",
    "S-1-5-32-545": "the local Users group",
    "S-1-5-32-546": "the local Guests group",
}
_BROAD_RIDS = {"513": "Domain Users", "514": "Domain Guests", "515": "Domain Computers"}


def is_sid(text: str) -> bool:
    """Whether a text has the form of a SID."""
    return _SID.match(text) is not None


def crowd(sid: str) -> str | None:
    """The English name of the crowd that a SID stands for; None when it is no crowd."""
    sid = sid.upper()
    if sid in _BROAD:
        return _BROAD[sid]
    if sid.startswith("S-1-5-21-"):
        return _BROAD_RIDS.get(sid.rsplit("-", 1)[1])
    return None


def is_builtin(sid: str) -> bool:
    """Whether it is one of the aliases that come with Windows (S-1-5-32-...)."""
    return sid.upper().startswith("S-1-5-32-")


def is_account(sid: str) -> bool:
    """Whether it is an account or group of a domain or a computer that is no crowd, and not the Administrator that comes with one."""
    match = _OF_A_DOMAIN.match(sid)
    if match is None:
        return _OF_ENTRA.match(sid) is not None
    return match["rid"] != _ADMINISTRATOR_RID and crowd(sid) is None


def is_made(sid: str) -> bool:
    """Whether somebody made it: relative ids below 1000 are Windows' own (MS-SAMR 2.2.1.14), as that of Domain Admins."""
    match = _OF_A_DOMAIN.match(sid)
    return is_account(sid) and (match is None or int(match["rid"]) >= _FIRST_MADE_RID)
