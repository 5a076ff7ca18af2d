# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts the firewall that a host's words describe onto its machine."""

from __future__ import annotations

import uuid
from typing import Final

from windows_estate.machine import Machine
from windows_estate.world.behaviours import services
from windows_estate.world.behaviours.firewall import places
from windows_estate.world.behaviours.firewall.windows_firewall import WindowsFirewall
from windows_estate.world.knowledge.firewall_versions import rule_version
from windows_estate.world.knowledge.services import REMOTE_CONTROL_SERVICE, SSH_SERVER
from windows_estate.world.network import Network
from windows_estate.world.rule_text import RuleText, in_order, parse
from windows_estate.world.words.firewall import Copy, Firewall, Store
from windows_estate.world.words.reader import WordsError

# By them a host is managed from outside its subnet: which of the two it is, depends on the kind of Windows.
_MANAGED_BY: Final = ("WINRM-HTTP-In-TCP-NoScope", "WINRM-HTTP-In-TCP")
_HTTPS: Final = 5986


def install(machine: Machine, name: str, words: Firewall, network: Network, domain: str) -> WindowsFirewall:
    """Raises WordsError for words that do not fit this host."""
    firewall = WindowsFirewall(machine, network, words.products)
    used = {listener.service for listener in network.listeners}
    services.install(machine, tuple(service for service in (SSH_SERVER, REMOTE_CONTROL_SERVICE) if service.name in used))
    firewall.install(domain)
    firewall.install_defaults()
    _let_manage(machine, network)
    where = f"host {name}, firewall"
    for rule_id in words.on:
        _switch(machine, rule_id, True)
    for rule_id in words.off:
        _switch(machine, rule_id, False)
    for copy in words.copies:
        _copy(machine, copy, where)
    _fill(machine, "local", words.local, network, where)
    _fill(machine, "mdm", words.mdm, network, where)
    _more(machine, words.more)
    if not words.is_running:
        services.set_running(machine, "MpsSvc", False)
    return firewall


def _let_manage(machine: Machine, network: Network) -> None:
    key = places.rules_key("local")
    if network.management_port == _HTTPS:
        # Windows has no rule of its own for it.
        text = "|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|Profile=Private|LPort=5986|App=System|Name=WinRM over HTTPS|"
        major, minor = rule_version(machine.build)
        machine.registry.set(key, "WINRM-HTTPS-In-TCP", "sz", f"v{major}.{minor}{text}")
        return
    own = next(name for name in _MANAGED_BY if name in machine.registry.values(key))
    _switch(machine, own, True)


def _rule(machine: Machine, rule_id: str) -> RuleText | None:
    value = machine.registry.get(places.rules_key("local"), rule_id)
    return None if value is None else parse(str(value["data"]))


def _switch(machine: Machine, rule_id: str, on: bool) -> None:
    rule = _rule(machine, rule_id)
    # A group has rules that this version of Windows lacks.
    if rule is not None:
        machine.registry.set(places.rules_key("local"), rule_id, "sz", str(rule.having(Active="TRUE" if on else "FALSE")))


def _copy(machine: Machine, copy: Copy, where: str) -> None:
    rule = _rule(machine, copy.of)
    if rule is None:
        raise WordsError(f"{where}: copies names {copy.of}, a rule that this Windows does not have.")
    kept = [field for field in rule.fields if field[0] not in ("Profile", "Active")]
    fields = [*kept, ("Active", "TRUE" if copy.enabled else "FALSE"), *(("Profile", profile.capitalize()) for profile in copy.profiles)]
    machine.registry.set(places.rules_key("local"), copy.id, "sz", str(RuleText(rule.version, in_order(fields))))


def _fill(machine: Machine, store: str, words: Store, network: Network, where: str) -> None:
    def guids(alias: str) -> list[str]:
        interface = network.interface(alias)
        if interface is None:
            raise WordsError(f"{where}: there is no interface {alias}; allowed: {', '.join(one.alias for one in network.interfaces)}.")
        return [interface.guid]

    for setting in words.settings:
        below, _, name = setting.option.rpartition("\\")
        key = f"{places.STORES[store]}\\{places.PROFILE_KEYS[store][setting.profile]}" + (f"\\{below}" if below else "")
        data = setting.data
        if name == "DisabledInterfaces":
            data = ",".join(guid for alias in str(data).split(",") if alias for guid in guids(alias))
        machine.registry.set(key, name, setting.kind, data)
    for rule in words.rules:
        machine.registry.set(places.rules_key(store), rule.id, "sz", rule.written(rule_version(machine.build), guids, where))


def _more(machine: Machine, number: int) -> None:
    """Rules of programs, in pairs for TCP and UDP, as installers leave them."""
    version = rule_version(machine.build)
    for count in range(number):
        program = count // 2
        fields = (
            ("Action", "Allow"),
            ("Active", "TRUE" if count % 5 else "FALSE"),
            ("Dir", "In" if count % 3 else "Out"),
            ("Protocol", "6" if count % 2 == 0 else "17"),
            ("Profile", "Private"),
            ("App", f"C:\\Program Files\\Vendor {program % 37}\\program{program}.exe"),
            ("Name", f"Program {program}"),
            ("Desc", f"Program {program}"),
        )
        rule_id = "{" + str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{machine.name}/program/{count}")).upper() + "}"
        machine.registry.set(places.rules_key("local"), rule_id, "sz", str(RuleText(version, in_order(fields))))
