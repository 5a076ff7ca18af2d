# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Client push installation as a site does it: when, to which computers, with which accounts, and by which authentication."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.client_push_site_options import (
    ClientPushSiteOptions,
    read_options,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands, Requirement, Statement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_account import AccountList, StoredAccount
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_list import ListWanted
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Site
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_property import (
    BitWanted,
    NotTogether,
    PropertyKind,
    SiteBit,
    SiteProperty,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_push import (
    AUTOMATIC_PUSH,
    CLEAR_INSTALL_FLAG,
    COMPUTER_TYPES,
    CONTROLLERS,
    INSTALLATION_PROPERTIES,
    KERBEROS_ONLY,
    NTLM_ALLOWED,
    NTLM_FALLBACK,
    NTLM_UPDATE,
    PUSH_ACCOUNTS,
    SERVERS,
    SITE_SYSTEMS,
    WORKSTATIONS,
    once_off,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_tokens import CommandLine, LineWanted
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_version import SiteUpdate

AREA = "client_push_site"

_WINDOW = "In the console, Administration, Sites, Client Installation Settings, Client Push Installation"
_TYPES = {"workstations": WORKSTATIONS, "servers": SERVERS, "domain_controllers": CONTROLLERS}
_ADMITTED = ("on", "off")
_TASK_OBJECT = "Clear Install Flag"


def demands(given: Mapping[str, Any]) -> Demands:
    """The whole area for one site, from checked options; broken rules between them are an OptionError."""
    options = read_options(given)
    builder = _Builder(options)
    pushed_to = (*builder.computer_types(), *builder.site_systems())
    # Nothing may be pushed to too many on the way: it is turned off before they change, and on after.
    pushing = (*pushed_to, *builder.automatic()) if options.automatic_push else (*builder.automatic(), *pushed_to)
    requirements = (
        *builder.authentication(),
        *pushing,
        *builder.accounts(),
        *builder.installation_properties(),
    )
    return Demands(AREA, requirements, tuple(builder.declared_drift()), attested=("001-09",))


class _Builder:
    """Requirements from options, group by group."""

    def __init__(self, options: ClientPushSiteOptions) -> None:
        self.options = options
        self.site = Site(options.site_code, options.wait_seconds)

    def _property(self, kind: PropertyKind) -> SiteProperty:
        return SiteProperty(self.site, kind)

    def _pushed_to(self, kind: PropertyKind) -> tuple[SiteProperty, tuple[str, ...]]:
        """What is pushed to, and what has to come before it is written."""
        if self.options.automatic_push:
            return self._property(kind), ()
        return self._property(once_off(kind)), (self._property(AUTOMATIC_PUSH).key,)

    def authentication(self) -> Iterator[Requirement]:
        allowed = self.options.ntlm_fallback
        yield Requirement(
            self._property(NTLM_FALLBACK),
            NTLM_ALLOWED if allowed else KERBEROS_ONLY,
            () if allowed else ("001-10",),
            object="NTLM fallback" if allowed else None,
            remedy=f"{_WINDOW}, General, {'tick' if allowed else 'untick'} 'Allow connection fallback to NTLM'.",
        )
        if not allowed:
            yield Requirement(SiteUpdate(self.site, NTLM_UPDATE), None, ("001-10",), writable=False)

    def automatic(self) -> Iterator[Requirement]:
        wanted = self.options.automatic_push
        push = self._property(AUTOMATIC_PUSH)
        before = (*self.computer_types(), *self.site_systems(), *self.authentication()) if wanted else ()
        task = self._property(CLEAR_INSTALL_FLAG)
        yield Requirement(
            push,
            "ACTIVE" if wanted else "INACTIVE",
            () if wanted else ("001-08",),
            object="automatic push" if wanted else None,
            after=tuple(dict.fromkeys(requirement.setting.key for requirement in before if requirement.writable)),
            remedy=f"{_WINDOW}, General, {'tick' if wanted else 'untick'} 'Enable automatic site-wide client push installation'.",
        )
        enabled = self.options.clear_install_flag_task
        window = "In the console, Administration, Sites, Site Maintenance"
        if enabled is not None:
            yield Requirement(
                task,
                enabled,
                () if enabled else ("001-08",),
                object=_TASK_OBJECT,
                remedy=f"{window}, {'enable' if enabled else 'disable'} Clear Install Flag.",
            )
        yield Requirement(
            NotTogether(
                push,
                "ACTIVE",
                task,
                True,
                why="the site forgets that a client was installed and pushes again, to whoever answers",
            ),
            None,
            ("001-08",),
            object=_TASK_OBJECT,
            writable=False,
            remedy=f"{window}, disable Clear Install Flag, or turn automatic client push off.",
        )

    def computer_types(self) -> Iterator[Requirement]:
        types = self.options.computer_types
        whole, after = self._pushed_to(COMPUTER_TYPES)
        if types is None:
            # Nobody has said which types are wanted, so none is written; domain controllers are none of any ring.
            controllers = SiteBit(whole, CONTROLLERS, "client push to domain controllers", _ADMITTED)
            remedy = "Declare computer_types, without domain_controllers."
            yield Requirement(controllers, BitWanted(on=True), ("001-12",), object="domain controllers", writable=False, remedy=remedy)
            return
        mask = sum(bit for name, bit in _TYPES.items() if name not in types)
        for name, bit in _TYPES.items():
            words = name.replace("_", " ")
            out = bool(mask & bit)
            yield Requirement(
                SiteBit(whole, bit, f"client push to {words}", _ADMITTED),
                BitWanted(out, mask),
                ("001-12",) if out and bit == CONTROLLERS else (),
                object=words,
                after=after,
                remedy=f"{_WINDOW}, General, choose the computer types {', '.join(types).replace('_', ' ') or 'none'}.",
            )

    def site_systems(self) -> Iterator[Requirement]:
        wanted = self.options.site_systems
        if wanted is not None:
            setting, after = self._pushed_to(SITE_SYSTEMS)
            yield Requirement(
                setting,
                int(wanted),
                () if wanted else ("001-08",),
                object="site systems",
                after=after,
                remedy=f"{_WINDOW}, General, {'tick' if wanted else 'untick'} 'Configuration Manager site system servers'.",
            )

    def accounts(self) -> Iterator[Requirement]:
        options = self.options
        if options.accounts is None and not options.include and not options.exclude:
            return
        controls = ("001-08",) if options.accounts == () else ("001-15",)
        wanted = ListWanted(
            options.wanted_accounts, exact=options.accounts is not None, ordered=options.enforce_order, without=options.exclude
        )
        stored = [StoredAccount(self.site, PUSH_ACCOUNTS, account, options.password_of(account)) for account in wanted.members]
        for setting in stored:
            yield Requirement(
                setting,
                None,
                controls,
                remedy=f"{_WINDOW}, Accounts, add {setting.account} as a new account, with its password.",
            )
        yield Requirement(
            AccountList(self.site, PUSH_ACCOUNTS, wanted),
            None,
            controls,
            after=tuple(setting.key for setting in stored),
            remedy=f"{_WINDOW}, Accounts, bring the list to what is declared.",
        )

    def installation_properties(self) -> Iterator[Requirement]:
        wanted = LineWanted(self.options.must_contain, self.options.must_not_contain)
        if wanted.contain or wanted.without:
            yield Requirement(
                CommandLine(self._property(INSTALLATION_PROPERTIES)),
                wanted,
                (),
                object="installation properties",
                remedy=f"{_WINDOW}, Installation Properties, bring the line to what is declared.",
            )

    def declared_drift(self) -> Iterator[Statement]:
        """What the operator wants against the baseline."""
        options = self.options
        if options.automatic_push:
            expected, remedy = "automatic_push: false", "Install clients by another method and declare automatic_push: false."
            yield Statement("001-08", Status.DRIFT, "automatic_push: true is declared", expected, remedy)
        if options.ntlm_fallback:
            expected, remedy = "ntlm_fallback: false", "Declare ntlm_fallback: false."
            yield Statement("001-10", Status.DRIFT, "ntlm_fallback: true is declared", expected, remedy)
        if len(options.accounts or ()) == 1:
            said = "a single account is declared, so each client is as weak as the weakest of all"
            yield Statement(
                "001-15", Status.DRIFT, said, "several accounts, each for its own computers", "Declare an account for each ring."
            )
