# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts a site on a machine: the SMS Provider's namespaces, the site server's registry, the console with its module and drive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from windows_estate.machine import HostError, Machine, NameDict, fold
from windows_estate.machine.cim_types import convert
from windows_estate.machine.environment import CONSOLE_KEY
from windows_estate.machine.wmi import Properties, wmi_error
from windows_estate.world.behaviours.configmgr_site import access, cmdlets, migration_cmdlets, schema
from windows_estate.world.behaviours.configmgr_site.options import SiteOptions
from windows_estate.world.behaviours.configmgr_site.releases import RELEASES
from windows_estate.world.behaviours.configmgr_site.site import Site

NAMESPACE: Final = "root\\SMS"
IDENTIFICATION_KEY: Final = "HKLM\\SOFTWARE\\Microsoft\\SMS\\Identification"
SMS_KEY: Final = "HKLM\\SOFTWARE\\Microsoft\\SMS"
SETUP_KEY: Final = "HKLM\\SOFTWARE\\Microsoft\\SMS\\Setup"
CONNECTION_KEY: Final = "HKLM\\SOFTWARE\\WOW6432Node\\Microsoft\\ConfigMgr10\\AdminUI\\Connection"
_EMBEDDED: Final = ("Props", "PropLists")
_CONSOLE_FOLDER: Final = "C:\\Program Files (x86)\\Microsoft Configuration Manager\\AdminConsole"


@dataclass(frozen=True)
class Console:
    """The administrator's console on a machine. `release`: an older console than the site has an older module."""

    release: str | None = None
    connection: str | None = None
    """The provider that the console was connected to last; None: the key is absent."""


def attach(
    machine: Machine,
    site: Site | None = None,
    *,
    options: SiteOptions | None = None,
    provider: bool = True,
    site_server: bool = True,
    console: Console | None = Console(),
    delegation: bool = True,
) -> Site:
    """Give a machine a site, and return it.

    Several machines may have the same site: each shows the same data. `provider`: an SMS Provider runs here; `site_server`: this is the
    site server (its registry, and root\\SMS even when the provider is elsewhere); `console`: None, and the module is not installed.
    `delegation`: whether processes without become get past the second hop. A second call adds another site to the machine.
    """
    site = site or Site(options)
    machine.on_tick.append(lambda _machine, now: site.settle(now))
    machine.configuration[f"site {site.code}"] = lambda: site.fingerprint(machine.clock.now())
    if provider or site_server:
        site.own_machines.add(fold(machine.name))
        _locations(machine, site)
    if provider:
        _namespace(machine, site)
    if site_server:
        _registry(machine, site)
    if console is not None:
        _console(machine, site, console, delegation)
    return site


def namespace_of(site: Site) -> str:
    return f"{NAMESPACE}\\site_{site.code}"


def _locations(machine: Machine, site: Site) -> None:
    """root\\SMS, whose rows say where the providers are. Of several sites each adds its own."""
    place = (fold(NAMESPACE), fold(schema.LOCATION))
    others = machine.wmi_providers.get(place)
    rows = [
        {
            "Machine": server,
            "NamespacePath": f"\\\\{server}\\root\\sms\\site_{site.code}",
            "ProviderForLocalSite": True,
            "SiteCode": site.code,
        }
        for server in site.options.provider_machines
    ]

    def locations(asked: Machine) -> list[Properties]:
        mine = [dict(row) for row in rows] if access.role_of(site, asked) is not None else []
        return [*(others(asked) if others else []), *mine]

    schema_of = schema.LOCATION_SCHEMA
    machine.provide(NAMESPACE, schema.LOCATION, schema_of.properties, locations, key=["SiteCode"])


def _namespace(machine: Machine, site: Site) -> None:
    namespace = namespace_of(site)
    machine.wmi.add_namespace(namespace)
    machine.wmi_gates[fold(namespace)] = lambda asked: access.open_namespace(site, asked)
    for name, one in schema.CLASSES.items():
        machine.provide(namespace, name, one.properties, _reader(site, name), lazy=one.lazy, key=list(one.key), methods=one.methods)
        if one.writable:
            machine.wmi_puts[(fold(namespace), fold(name))] = _writer(site, name)

    def delete_association(asked: Machine, _instance: Properties | None, arguments: Properties) -> Properties:
        if not access.may_write(site, asked):
            raise wmi_error("AccessDenied", "Removing a computer association is denied.")
        migration_cmdlets.delete_association(site, asked, arguments)
        return {"ReturnValue": 0}

    machine.wmi_methods[(fold(namespace), fold(schema.STATE_MIGRATION), "deleteassociation")] = delete_association


def _reader(site: Site, name: str) -> Callable[[Machine], list[Properties]]:
    def rows(machine: Machine) -> list[Properties]:
        return [dict(row) for row in site.rows(name, machine.clock.now())] if access.may_read(site, machine, name) else []

    return rows


def _writer(site: Site, name: str) -> Callable[[Machine, Properties, Properties], None]:
    """A put: the properties that differ replace those of the row, when the site has got round to it."""
    one = schema.CLASSES[name]

    def put(machine: Machine, before: Properties, after: Properties) -> None:
        if not access.may_write(site, machine):
            raise wmi_error("AccessDenied", f"Writing an instance of {name} is denied.")
        old, new = NameDict(before), NameDict(after)
        changed = {
            prop: new.get(prop) for prop, kind in one.properties.items() if convert(kind, old.get(prop)) != convert(kind, new.get(prop))
        }
        if any(fold(prop) in map(fold, one.key) for prop in changed):
            raise wmi_error("InvalidParameter", f"A key of {name} cannot be changed.")
        for place, key in (("Props", "PropertyName"), ("PropLists", "PropertyListName")):
            if place in changed and _reserved(old.get(place), key) != _reserved(new.get(place), key):
                # Names that contain Reserved cannot be modified, the class page of the embedded properties says.
                raise wmi_error("Failed", "A reserved property cannot be changed.")
        where = {prop: old.get(prop) for prop in one.key}
        values = {prop: _named(value) if prop in _EMBEDDED else value for prop, value in changed.items()}
        if name == schema.ROLE and changed:
            # A role is committed whole: what others have done to it since it was read is lost.
            values |= {prop: _named(new.get(prop)) for prop in _EMBEDDED}
        what = f"{name} {old.get('ItemName')}: {', '.join(sorted(changed))}"
        site.submit(machine.clock.now(), access.caller(machine)["name"], "wmi", what, lambda: site.replace_row(name, where, values))

    return put


def _reserved(elements: Any, key: str) -> dict[str, dict[str, Any]]:
    found = {str(NameDict(one).get(key) or ""): dict(one) for one in elements or ()}
    return {name: one for name, one in found.items() if "reserved" in fold(name)}


def _named(elements: Any) -> list[NameDict]:
    return [NameDict(one) for one in elements or ()]


def _registry(machine: Machine, site: Site) -> None:
    registry = machine.registry
    registry.set(IDENTIFICATION_KEY, "Site Code", "sz", site.code)
    registry.set(IDENTIFICATION_KEY, "Parent Site Code", "sz", "")
    for key in (SMS_KEY, SETUP_KEY):
        registry.set(key, "Full Version", "sz", site.options.release_data.version)


def _console(machine: Machine, site: Site, console: Console, delegation: bool) -> None:
    machine.state["console"] = "registry"
    machine.registry.set(CONSOLE_KEY, "UI Installation Directory", "sz", _CONSOLE_FOLDER)
    if console.connection is not None:
        machine.registry.set(CONNECTION_KEY, "Server", "sz", console.connection)
    drives = machine.site_gate
    if not isinstance(drives, SiteDrives):
        drives = machine.site_gate = SiteDrives()
    drives.sites[fold(site.code)] = (site, delegation)
    release = RELEASES[console.release or site.options.release]
    own = site.options.ntlm_parameter
    ntlm = release.ntlm_parameter if own is None else own
    cmdlets.install(machine, drives.site, release.module_version, ntlm or None)


class SiteDrives:
    """The drives that can be made on one machine: by site code in lower case, the site and whether connections are delegated."""

    def __init__(self) -> None:
        self.sites: dict[str, tuple[Site, bool]] = {}

    def __call__(self, machine: Machine, code: str) -> None:
        """Make the drive. Raises HostError."""
        found = self.sites.get(fold(code))
        if found is None:
            raise HostError("failed", f"There is no site {code}: the drive cannot be made.")
        access.reach_provider(found[0], machine, found[1])

    def site(self, location: str | None) -> Site:
        """The site of the drive on which a command runs. Raises HostError when it is none."""
        found = self.sites.get(fold(location.removesuffix(":\\"))) if location else None
        if found is None:
            raise HostError("failed", "This command runs on a Configuration Manager drive only.")
        return found[0]
