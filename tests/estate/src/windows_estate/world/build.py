# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes a machine of a described host: its state, its behaviours, and everything that has already happened when the estate starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from windows_estate.machine import Clock, Machine, fold
from windows_estate.winrm import Become
from windows_estate.world import preg
from windows_estate.world.behaviours import (
    local_policy,
    remote_assistance,
    server_manager,
    service_cmdlets,
    services,
    smb,
    smb_cmdlets,
    user_rights,
    volumes,
    wds,
)
from windows_estate.world.behaviours.configmgr_client import ConfigMgrClient
from windows_estate.world.behaviours.firewall import setup as firewall_setup
from windows_estate.world.behaviours.firewall.windows_firewall import WindowsFirewall
from windows_estate.world.behaviours.group_policy import GroupPolicy
from windows_estate.world.behaviours.remote_assistance import RemoteAssistance
from windows_estate.world.behaviours.scheduled_tasks import ScheduledTasks, Work
from windows_estate.world.behaviours.security_policy import SecurityPolicy
from windows_estate.world.behaviours.server_manager import ServerManager
from windows_estate.world.directory import Names, groups_of, machine_sid, new_group, resolvable
from windows_estate.world.knowledge.features import DEFAULT_FEATURES, FEATURES, REMOTE_ASSISTANCE
from windows_estate.world.knowledge.languages import (
    ADMINISTRATORS,
    AUTHENTICATED_USERS,
    EVERYONE,
    INTERACTIVE,
    REMOTE_MANAGEMENT_USERS,
    SYSTEM,
    USERS,
)
from windows_estate.world.knowledge.policies import SYSTEM_POLICIES
from windows_estate.world.knowledge.services import KNOWN_LISTENERS
from windows_estate.world.network import Network
from windows_estate.world.words.model import ConfigMgr, Domain, EstateWords, Gpo, Host, RemoteTools
from windows_estate.world.words.reader import WordsError
from windows_estate.world.words.remote_tools import DEFAULTS

REMOTE_CONTROL_PORT: Final = 2701
SERVICE_ACCOUNTS: Final = (SYSTEM, "S-1-5-19", "S-1-5-20")
UAC_KEY: Final = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System"
_CLIENT_POLICIES: Final = {
    "fEnableUsbBlockDeviceBySetupClass": 1,
    "fEnableUsbNoAckIsochWriteToDevice": 80,
    "fEnableUsbSelectDeviceByInterface": 1,
}
_CCM_TASK: Final = "\\Microsoft\\Configuration Manager\\Configuration Manager Health Evaluation"


@dataclass(frozen=True)
class Built:
    """A machine with its behaviours, for who wants to move them by hand."""

    host: Host
    machine: Machine
    group_policy: GroupPolicy
    tasks: ScheduledTasks
    remote_assistance: RemoteAssistance
    server_manager: ServerManager | None
    configmgr_client: ConfigMgrClient | None
    firewall: WindowsFirewall
    may_log_on: bool
    """Whether the controller's account may use WinRM here."""
    identity: Callable[[str], dict[str, Any]]
    """Who a process of an account is here; raises WordsError for an account that nobody knows."""

    def connected(self) -> dict[str, Any]:
        """Who a process of the controller's account is here now: its groups may have changed since the estate began."""
        user = self.identity(self.host.controller.account)
        return {**user, "elevated": user["elevated"] and self.host.controller.elevated}

    def may_log_on_now(self) -> bool:
        """Whether user rights let the controller's account log on over the network."""
        return user_rights.may_log_on(self.machine, self.identity(self.host.controller.account))

    def may_have_shell(self) -> bool:
        """Whether the controller's account is in one of the groups that WinRM admits."""
        return not {ADMINISTRATORS, REMOTE_MANAGEMENT_USERS}.isdisjoint(self.identity(self.host.controller.account)["groups"])

    def may_become(self, become: Become) -> bool:
        """Whether user rights let another account log on in this way. Services' accounts always do."""
        try:
            user = self.identity(become.user)
        except WordsError:
            # Nobody knows it: that is said elsewhere.
            return True
        return user["sid"] in SERVICE_ACCOUNTS or user_rights.may_log_on(self.machine, user, become.logon_type)


def build(host: Host, words: EstateWords, gpos: Callable[[], Sequence[Gpo]], clock: Clock) -> Built:
    """Raises WordsError for names that do not resolve. `gpos`: the domain's objects whenever Group Policy looks."""
    domain = words.domain
    own_sid = machine_sid(domain, host.name)
    accounts = resolvable(domain, host, tuple(other.name for other in words.hosts))
    names = Names(accounts, host)
    groups = _groups(host, domain, names, own_sid, accounts)
    user = _identity(host.controller.account, domain, names, host.name, groups)
    may_log_on = not {ADMINISTRATORS, REMOTE_MANAGEMENT_USERS}.isdisjoint(user["groups"])
    user["elevated"] = user["elevated"] and host.controller.elevated
    machine = Machine(_state(host, domain, accounts, groups, user), clock=clock)
    network = _network(host, words.configmgr)
    firewall = firewall_setup.install(machine, host.name, host.firewall, network, domain.name)
    service_cmdlets.install(machine)
    smb.install(machine, host.smb)
    smb_cmdlets.install(machine)
    volumes.install(machine, host.volumes)
    _registry(machine, host)

    tasks = ScheduledTasks(host.language)
    tasks.install(machine)
    assistance = RemoteAssistance(host.language, own_sid, tasks)
    if host.remote_assistance.task != "absent":
        tasks.register(machine, remote_assistance.TASK, assistance.work, enabled=host.remote_assistance.task == "ready")
    manager = _features(machine, host, tasks, assistance)
    if host.local_policy is not None:
        local_policy.write(machine, host.local_policy.entries, host.local_policy.version)
    client = _client(machine, host, words.configmgr, own_sid, tasks)

    given = {right: [names.sid(word, f"user_rights, {right},") for word in listed] for right, listed in host.user_rights}
    user_rights.install(machine, given)
    policy = GroupPolicy(host, domain, gpos, words.gp_refresh_minutes, SecurityPolicy(names))
    policy.after_change.append(assistance.after_policy)
    policy.install(machine)
    if host.rsop == "off":
        machine.registry.set(f"HKLM\\{SYSTEM_POLICIES}", "RSoPLogging", "dword", 0)
    policy.process(machine, force=True)
    if host.rsop == "stale":
        machine.registry.set(f"HKLM\\{SYSTEM_POLICIES}", "RSoPLogging", "dword", 0)
    if client is not None:
        # Of two who write the same values the client came last, so that the estate starts at rest.
        client.evaluate(machine)
    _helpers(machine, host, names, assistance)

    def identity(account: str) -> dict[str, Any]:
        return _identity(account, domain, names, host.name, machine.accounts.groups)

    return Built(host, machine, policy, tasks, assistance, manager, client, firewall, may_log_on, identity)


def effective_settings(host: Host, site: ConfigMgr) -> RemoteTools:
    """The Remote Tools properties that a client gets: by priority, over the defaults; what the host's own words say comes last."""
    found: RemoteTools = dict(DEFAULTS)
    for settings in sorted(site.client_settings, key=lambda one: -one.priority):
        if host.is_among(settings.applies_to):
            found |= settings.remote_tools
    return found | (host.client_settings or {})


def _state(
    host: Host, domain: Domain, accounts: list[dict[str, Any]], groups: list[dict[str, Any]], user: dict[str, Any]
) -> dict[str, Any]:
    state: dict[str, Any] = {
        "host": {
            "name": host.name,
            "domain": domain.name,
            "domain_role": host.role.domain_role,
            "product_type": host.role.product_type,
            "build": host.system.build,
            "oem_code_page": host.language.oem_code_page,
            "language": host.language.tag,
            "powershell": host.powershell,
            "user": user,
        },
        "groups": groups,
        "accounts": accounts,
        "wmi": {
            "root\\cimv2": {
                "classes": {
                    "Win32_OperatingSystem": {
                        "properties": {
                            "Caption": "string",
                            "Version": "string",
                            "BuildNumber": "string",
                            "ProductType": "uint32",
                            "OSLanguage": "uint32",
                        },
                        "key": ["Caption"],
                    }
                },
                "instances": [
                    {
                        "class": "Win32_OperatingSystem",
                        "properties": {
                            "Caption": host.system.caption,
                            "Version": host.system.build.rpartition(".")[0],
                            "BuildNumber": host.system.build.split(".")[2],
                            "ProductType": host.role.product_type,
                            "OSLanguage": {"en-US": 1033, "de-DE": 1031, "fr-FR": 1036}[host.language.tag],
                        },
                    }
                ],
            }
        },
        "folders": {"C:\\Windows\\System32": {}},
    }
    if host.language_mode == "constrained":
        state["language_mode"] = "ConstrainedLanguage"
    return state


def _groups(host: Host, domain: Domain, names: Names, own_sid: str, accounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The local groups; a domain controller has none."""
    if host.role_word == "domain_controller":
        return []
    admins = f"{domain.netbios}\\Domain Admins"
    default = {
        ADMINISTRATORS: (f"{own_sid}-500", admins, host.controller.account),
        USERS: (AUTHENTICATED_USERS, INTERACTIVE, f"{domain.netbios}\\Domain Users"),
    }
    groups: list[dict[str, Any]] = [{"sid": sid, "name": name, "members": []} for sid, name in host.language.builtin_groups.items()]
    by_sid = {group["sid"]: group for group in groups}
    for sid, members in default.items():
        by_sid[sid]["members"] = [names.member(member, "controller") for member in members]
    for word, listed in host.local_groups:
        field = f"local_groups, {word},"
        known = _group_sid(names, word, field)
        if known is None:
            group = new_group(host.name, own_sid, word, groups, accounts)
        elif known in by_sid:
            group = by_sid[known]
        else:
            allowed = "names or SIDs of local groups, or a new name"
            raise WordsError(f"host {host.name}: local_groups has {word}, which is an account but no local group; allowed: {allowed}.")
        group["members"] = [names.member(member, field) for member in listed]
    return groups


def _group_sid(names: Names, word: str, field: str) -> str | None:
    try:
        return names.sid(word, field)
    except WordsError:
        # A group that is to be made.
        return None


def _identity(account: str, domain: Domain, names: Names, machine_name: str, groups: list[dict[str, Any]]) -> dict[str, Any]:
    """Who a process of this account is on a host, in the form of a state; not elevated unless it is an administrator there."""
    sid = names.sid(account, "controller")
    if sid == SYSTEM:
        return {"name": names.name(SYSTEM), "sid": SYSTEM, "elevated": True, "groups": [ADMINISTRATORS, EVERYONE, AUTHENTICATED_USERS]}
    plain = account.rpartition("\\")[2].partition("@")[0]
    is_domain_account = sid.startswith(f"{domain.sid}-")
    mine = [sid, *(groups_of(domain, plain) if is_domain_account else []), EVERYONE, AUTHENTICATED_USERS]
    local = [group["sid"] for group in groups if any(member["sid"] in mine for member in group["members"])]
    if not groups:
        # A domain controller: whoever connects there is one of the domain's administrators.
        local.append(ADMINISTRATORS)
    name = f"{domain.netbios if is_domain_account else machine_name}\\{plain}"
    return {"name": name, "sid": sid, "elevated": ADMINISTRATORS in local, "groups": [*local, *mine[1:]]}


def _registry(machine: Machine, host: Host) -> None:
    registry = machine.registry
    registry.set(UAC_KEY, "EnableLUA", "dword", 1)
    registry.set(UAC_KEY, "PromptOnSecureDesktop", "dword", 1)
    registry.set(UAC_KEY, "EnableUIADesktopToggle", "dword", 0)
    # An installation has these values of the Remote Desktop client [K], so the key of Remote Assistance's policies is there from the start.
    for name, number in _CLIENT_POLICIES.items():
        registry.set(f"{remote_assistance.POLICY}\\Client", name, "dword", number)
    for name, number in host.remote_assistance.control_panel or ():
        registry.set(remote_assistance.CONTROL_PANEL, name, "dword", number)
    preg.apply(registry, host.remote_assistance.entries)
    for value in host.registry:
        registry.set(value.key, value.name, value.kind, value.data)


def _features(machine: Machine, host: Host, tasks: ScheduledTasks, assistance: RemoteAssistance) -> ServerManager | None:
    if not host.role.is_server:
        server_manager.define_client_features(machine)
        return None
    manager = ServerManager()
    manager.install(machine)
    installed = {fold(name) for name in (*DEFAULT_FEATURES, *host.features)}
    for name in FEATURES:
        manager.set_installed(machine, name, fold(name) in installed)

    # On a distribution point the role brings the service.
    brings_service = host.distribution_point is None
    if brings_service and fold("WDS") in installed:
        services.add(machine, wds.SERVER)

    def follow(machine: Machine, name: str, present: bool) -> None:
        if name == "WDS" and brings_service:
            # A server that nobody has configured does not start.
            if present:
                services.add(machine, wds.SERVER)
            else:
                services.remove(machine, wds.SERVICE)
        # The feature brings the task and takes it away again; the local values stay as they are.
        if name != REMOTE_ASSISTANCE:
            return
        if present:
            tasks.register(machine, remote_assistance.TASK, assistance.work)
        else:
            tasks.remove(machine, remote_assistance.TASK)

    manager.changed.append(follow)
    return manager


def _client(machine: Machine, host: Host, site: ConfigMgr | None, own_sid: str, tasks: ScheduledTasks) -> ConfigMgrClient | None:
    if site is None or not host.configmgr_client:
        return None
    work = Work(lambda machine: None, 2.0, "C:\\Windows\\CCM\\ccmeval.exe", "", "Checks the health of the Configuration Manager client")
    tasks.register(machine, _CCM_TASK, work)
    client = ConfigMgrClient(site.site_code, effective_settings(host, site), site.refresh_minutes, host.language, own_sid)
    client.install(machine)
    return client


def _network(host: Host, site: ConfigMgr | None) -> Network:
    """The host's network, where ConfigMgr's remote control listens when the site has it on."""
    network = host.network
    if site is None or not host.configmgr_client or not effective_settings(host, site)["Enabled"]:
        return network
    listener = KNOWN_LISTENERS[REMOTE_CONTROL_PORT]
    if network.listener(listener.protocol, listener.port) is not None:
        return network
    return replace(network, listeners=(*network.listeners, listener))


def _helpers(machine: Machine, host: Host, names: Names, assistance: RemoteAssistance) -> None:
    """The members that the file gives to the group of helpers, whatever policy says."""
    listed = host.remote_assistance.helpers_group
    if listed is None:
        return
    group = assistance.group(machine) or assistance.create_group(machine)
    group["members"] = [names.member(member, "helpers_group") for member in listed]
    assistance.adopt(machine, group)
