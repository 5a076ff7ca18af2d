# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A site of the tables that lives: the estate's site in place of rows, so that what is written can be seen.

Not every description has such a site: `living` gives None for those.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from windows_estate.machine import Machine, SimulatedClock
from windows_estate.world.behaviours.configmgr_site import Console, Push, Secondary, Site, SiteOptions, StoredAccount, attach
from windows_estate.world.behaviours.configmgr_site.releases import RELEASES

USER = {"name": "CORP\\svc-ansible", "sid": "S-1-5-21-9-9-9-1105", "elevated": True, "groups": ["S-1-5-32-544"]}
_SWITCHES = ("SETTINGS", "FILTERS", "AutoInstallSiteSystem", "ENABLEKERBEROSCHECK")
_NOT_LIVING = frozenset(
    {"staged", "hidden", "denied", "broken", "without_class", "more_sites", "providers", "list_name", "other_lists", "type", "site_code"}
)
_UPDATE = "KB15599094"


def living(described: Mapping[str, Any], *, delegation: bool = True, **more: Any) -> tuple[Machine, Site] | None:
    """A provider host with the site that is described, or None when the estate's sites cannot be like that. `more`: options of the site;
    `delegation`: whether a process without become gets past the second hop."""
    options = site_options(described)
    if options is None:
        return None
    machine = Machine({"host": {"name": "CM01", "product_type": 3, "domain_role": 3, "user": USER}}, clock=SimulatedClock())
    console = None if described.get("module") == "none" else Console()
    return machine, attach(machine, options=SiteOptions(**{**options, **more}), console=console, delegation=delegation)


def site_options(described: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the estate calls the same."""
    version = str(described.get("version", "2403"))
    if _NOT_LIVING & set(described) or version not in RELEASES or described.get("clear_install_flag") == "missing":
        return None
    push = _push(described)
    if push is None:
        return None
    accounts = described.get("accounts") or []
    stored: list[dict[str, Any]] = [{"name": one} if isinstance(one, str) else one for one in described.get("store", accounts)]
    known = {one["name"].casefold() for one in stored}
    updates: list[dict[str, Any]] = [
        {"name": one, "state": 196612} if isinstance(one, str) else one for one in described.get("updates", [])
    ]
    hotfixes = [one for one in updates if _UPDATE in one["name"]]
    if any("hotfix" in one["name"].casefold() for one in updates if one not in hotfixes):
        return None
    names = list(described["discovery"])
    spelling = tuple((switch, name) for switch in _SWITCHES for name in names if name.casefold() == switch.casefold() and name != switch)
    secondaries = []
    for code, differences in described.get("secondary", {}).items():
        laid = {**described, **differences}
        other = _push(laid)
        if other is None or "recovered" not in differences:
            # The estate's secondary sites always tell.
            return None
        secondaries.append(Secondary(code, f"Site {code}", f"SEC-{code}.corp.example", other, recovered=differences["recovered"]))
    return {
        "release": version,
        "hotfix": {None: "absent", 196612: "installed"}.get(hotfixes[0]["state"] if hotfixes else None, "downloaded"),
        "push": push,
        "store": tuple(
            StoredAccount(one["name"], tuple(use for use in one.get("usage", []) if use != "SMS_CLIENT_CONFIG_MANAGER")) for one in stored
        ),
        "unknown": tuple(one for one in accounts if one.casefold() not in known),
        "clear_install_flag": bool(described.get("clear_install_flag", False)),
        "secondaries": tuple(secondaries),
        "spelling": spelling,
        "registry_typed": ("SETTINGS",) if isinstance(described["discovery"].get("SETTINGS"), Mapping) else (),
        "ntlm_parameter": {"respelt": "AllowNTLMFallback", "old": ""}.get(described.get("module", "current"), "AllownNTLMFallback"),
    }


def _push(described: Mapping[str, Any]) -> Push | None:
    discovery, client_config = described.get("discovery"), described.get("client_config")
    if not isinstance(discovery, Mapping) or not isinstance(client_config, Mapping):
        return None
    found = {name.casefold(): value for name, value in discovery.items()}
    if len(found) != len(discovery) or {name.casefold() for name in _SWITCHES} - {"enablekerberoscheck"} - set(found):
        return None
    settings = found["settings"]["Value2"] if isinstance(found["settings"], Mapping) else found["settings"]
    kerberos = found.get("enablekerberoscheck", "absent")
    if settings.casefold() not in ("active", "inactive") or found["autoinstallsitesystem"] not in (0, 1):
        return None
    if isinstance(kerberos, str) and kerberos != "absent":
        return None
    return Push(
        automatic=settings.casefold() == "active",
        filters=found["filters"],
        site_systems=bool(found["autoinstallsitesystem"]),
        ntlm_fallback=kerberos,
        accounts=tuple(described.get("accounts") or ()),
        installation_properties=client_config.get("Advanced Client Command Line", ""),
    )
