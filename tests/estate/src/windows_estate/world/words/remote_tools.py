# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Client settings "Remote Tools" in words, and the properties of CCM_RemoteToolsConfig that they become.

The client's class is taken to have the property names of the provider's SMS_RemoteToolsAgentConfig (not verified on a real client).
"""

from __future__ import annotations

from typing import Any, Final

from windows_estate.world.words.model import RemoteTools
from windows_estate.world.words.reader import Fields

PROPERTIES: Final[dict[str, str]] = {
    "Type": "uint32",
    "Enabled": "boolean",
    "AccessLevel": "uint32",
    "AllowClientChange": "boolean",
    "AllowLocalAdminToDoRemoteControl": "boolean",
    "AllowRAUnsolicitedControl": "boolean",
    "AllowRAUnsolicitedView": "boolean",
    "AllowRemCtrlToUnattended": "boolean",
    "AudibleSignal": "uint32",
    "ClipboardAccessPermissionRequired": "boolean",
    "EnableRA": "boolean",
    "EnableTS": "boolean",
    "EnforceRAandTSSettings": "boolean",
    "FirewallExceptionProfiles": "uint32",
    "ManageRA": "boolean",
    "ManageTS": "boolean",
    "PermissionRequired": "boolean",
    "PermittedViewers": "string[]",
    "RemCtrlConnectionBar": "boolean",
    "RemCtrlTaskbarIcon": "boolean",
    "TSUserAuthentication": "boolean",
    "PolicySource": "string",
}

# What a site has that nobody has touched.
DEFAULTS: Final[RemoteTools] = {
    "Type": 1,
    "Enabled": False,
    "AccessLevel": 2,
    "AllowClientChange": False,
    "AllowLocalAdminToDoRemoteControl": True,
    "AllowRAUnsolicitedControl": False,
    "AllowRAUnsolicitedView": False,
    "AllowRemCtrlToUnattended": True,
    "AudibleSignal": 1,
    "ClipboardAccessPermissionRequired": True,
    "EnableRA": False,
    "EnableTS": False,
    "EnforceRAandTSSettings": False,
    "FirewallExceptionProfiles": 0,
    "ManageRA": False,
    "ManageTS": False,
    "PermissionRequired": True,
    "PermittedViewers": [],
    "RemCtrlConnectionBar": True,
    "RemCtrlTaskbarIcon": True,
    "TSUserAuthentication": True,
}

_FLAGS: Final = {
    "manage_unsolicited_remote_assistance": "ManageRA",
    "manage_solicited_remote_assistance": "EnforceRAandTSSettings",
    "prompt_user": "PermissionRequired",
    "prompt_user_for_clipboard": "ClipboardAccessPermissionRequired",
    "allow_unattended": "AllowRemCtrlToUnattended",
    "users_can_change": "AllowClientChange",
    "local_administrators_may_control": "AllowLocalAdminToDoRemoteControl",
    "taskbar_icon": "RemCtrlTaskbarIcon",
    "connection_bar": "RemCtrlConnectionBar",
    "manage_remote_desktop": "ManageTS",
    "viewers_may_use_remote_desktop": "EnableTS",
    "network_level_authentication": "TSUserAuthentication",
}
_LEVELS: Final = {"none": 0, "view_only": 1, "full": 2}
_SIGNALS: Final = {"none": 0, "begin_and_end": 1, "repeatedly": 2}
# 8 says "enabled" beside the masks of the firewall profiles.
_PROFILES: Final = {"domain": 4, "private": 2, "public": 1}


def read(value: Any, where: str) -> RemoteTools:
    """The properties that the words set; others are left to whatever has a lower priority. Raises WordsError."""
    fields = Fields(value, where)
    found: RemoteTools = {}
    for word, name in _FLAGS.items():
        flag = fields.flag(word)
        if flag is not None:
            found[name] = flag
    if fields.has("remote_assistance"):
        level = _LEVELS[fields.text("remote_assistance", one_of=_LEVELS)]
        found |= {"EnableRA": level > 0, "AllowRAUnsolicitedView": level > 0, "AllowRAUnsolicitedControl": level == 2}
    if fields.has("access_level"):
        found["AccessLevel"] = _LEVELS[fields.text("access_level", one_of=_LEVELS)]
    if fields.has("audible_signal"):
        found["AudibleSignal"] = _SIGNALS[fields.text("audible_signal", one_of=_SIGNALS)]
    if fields.has("permitted_viewers"):
        found["PermittedViewers"] = list(fields.texts("permitted_viewers"))
    found |= _remote_control(fields)
    fields.done()
    return found


def _remote_control(fields: Fields) -> RemoteTools:
    value = fields.raw("remote_control")
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"Enabled": value, "FirewallExceptionProfiles": 8 if value else 0}
    mask = 8
    for word in fields.texts("remote_control"):
        mask |= _PROFILES[fields.choice("remote_control", word, tuple(_PROFILES))]
    return {"Enabled": True, "FirewallExceptionProfiles": mask}
