# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Remote Assistance: who may start it, what a helper may do, and who owns the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.answer_file import answer_file_statements
from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.remote_assistance_firewall import (
    declaration_of,
    firewall_requirements,
    firewall_statements,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.remote_assistance_options import (
    RemoteAssistanceOptions,
    read_options,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.areas.remote_assistance_values import (
    CONTROL_MESSAGE,
    ENCRYPTED_ONLY,
    FEATURE,
    HELPER_GROUP,
    HELPER_TASK,
    HELPER_TASK_PATH,
    LIST_KEY,
    LOCAL_KEY,
    LOGGING,
    MAIL_METHOD,
    MDM_KEY,
    MESSAGES,
    OFFER,
    OFFER_LEVEL,
    POLICY_KEY,
    SOLICITED,
    SOLICITED_LEVEL,
    TICKET_COUNT,
    TICKET_UNIT,
    UAC_KEY,
    VALUES,
    VIEW_MESSAGE,
    PolicyValue,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands, Requirement, Statement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.severity import Severity
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.accounts import AccountBreadth
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.any_of import AnyOf
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.host_facts import HostFact
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.local_group import LocalGroup, MembersWanted
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.policy_owner import (
    READ_CONFIGMGR,
    Life,
    OwnerWanted,
    PolicyOwner,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry import Place
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_accounts import ListWanted, RegistryAccounts
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_duration import (
    UNIT_MINUTES,
    UNIT_NAMES,
    DurationWanted,
    RegistryDuration,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_value import Layer, LayeredValue, Wanted
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.scheduled_task import ScheduledTask
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.server_feature import ServerFeature
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.wmi_property import WmiProperty
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.declared import Declaration
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.sids import ADMINISTRATORS

AREA = "remote_assistance_policy"

_TASK = ScheduledTask(HELPER_TASK_PATH, HELPER_TASK, brought_by=(ServerFeature(FEATURE).key,))
_RDP_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp"
_DOCUMENTED = "documented behaviour of Windows since this version; nothing on the host can be measured"
_OFFER_UNPROVEN = "that members of the helpers group cannot offer while this is off is documented and unproven on a real host"
_EMPTY_GROUP = f"Take everybody out of the local group {HELPER_GROUP}."
_DIRECT = "a value written to the policy key directly lasts until another policy writes it"


def declares(given: Mapping[str, Any]) -> Declaration:
    """What the area declares of the firewall, for all areas of a host to be judged together (OptionError)."""
    return _declaration(read_options(given))


def _declaration(options: RemoteAssistanceOptions) -> Declaration:
    return declaration_of(options.firewall, offers=options.offers, solicits=options.solicits, ours=options.ours)


def demands(given: Mapping[str, Any], declaration: Declaration | None = None) -> Demands:
    """The whole area for one host, from checked options; broken rules between them are an OptionError.

    C(declaration): all that the areas of the run declare of the firewall, where there are several.
    """
    options = read_options(given)
    own = _declaration(options)
    builder = _Builder(options)
    requirements = (
        *builder.ownership(),
        *builder.solicited(),
        *builder.offered(),
        *builder.helpers(),
        *builder.invitations(),
        *builder.sessions(),
        *builder.system(),
        *firewall_requirements(own, own if declaration is None else declaration, offers=options.offers),
    )
    evidenced = {control for requirement in requirements for control in requirement.controls}
    said = (*builder.declared_drift(), *firewall_statements(own, offers=options.offers))
    statements = (*said, *answer_file_statements(given.get("answer_file"), invitations=options.solicits))
    stated = {statement.control for statement in statements}
    skipped = tuple(
        Statement(control, Status.NOT_APPLICABLE, reason)
        for control, reason in builder.not_applicable().items()
        if control not in evidenced | stated
    )
    return Demands(AREA, requirements, (*statements, *skipped), attested=("002-55",))


def layered(value: PolicyValue) -> LayeredValue:
    """A value of the area as a setting."""
    return LayeredValue(
        title=value.title,
        policy=Place(value.key, value.name),
        local=Place(LOCAL_KEY, value.name) if value.local else None,
        type=value.type,
        default=value.default,
        meaning={str(number): text for number, text in value.choices.items()},
    )


class _Builder:
    """Requirements from options, group by group."""

    def __init__(self, options: RemoteAssistanceOptions) -> None:
        self.options = options
        self.owner = PolicyOwner(
            "Remote Assistance",
            POLICY_KEY,
            tuple(value.name for value in VALUES),
            list_key=LIST_KEY,
            mdm_key=MDM_KEY,
            declared=options.managed_by,
            option="helpers",
            accounts=options.helpers,
        )
        self.group = LocalGroup(
            "helpers group", "helpers", name=HELPER_GROUP, accounts=options.helpers, maker=_TASK if options.offers else None
        )
        self.helper_list = RegistryAccounts("list of helpers", LIST_KEY, "helpers", options.helpers)

    # ------------------------------------------------------------------ one value

    def _value(
        self, value: PolicyValue, data: Json, controls: tuple[str, ...], local: tuple[str, ...] = (), **more: Any
    ) -> tuple[Requirement, ...]:
        """The value wanted; C(local): the controls that its Control Panel layer is evidence for, where this collection writes both."""
        setting = layered(value)
        ours = self.options.ours
        common: dict[str, Any] = {
            "writable": ours,
            "authority": self.owner,
            "remedy": self._remedy(value, _choice(value, data)),
        }
        unproven = (_OFFER_UNPROVEN,) if value is OFFER and not data else ()
        if not ours:
            return (Requirement(setting, Wanted(data), (*controls, *local), caveats=unproven, **common, **more),)
        policy = Requirement(setting, Wanted(data, Layer.POLICY), controls, caveats=(_DIRECT, *unproven), **common, **more)
        if not value.local:
            return (policy,)
        return (policy, Requirement(setting, Wanted(data, Layer.LOCAL), local, **common, **more))

    def _absent(self, value: PolicyValue, controls: tuple[str, ...]) -> tuple[Requirement, ...]:
        """No leftover of a policy whose main switch is off. It does nothing, so only whoever writes the policy cares."""
        if not self.options.ours:
            return ()
        switch = layered(SOLICITED if value.policy == "RA_Solicit" else OFFER)
        return (
            Requirement(
                layered(value),
                Wanted(layer=Layer.POLICY, absent=True),
                controls,
                authority=self.owner,
                after=(switch.key,),
                remedy=self._remedy(value, f"take out '{value.title}' by disabling the policy"),
            ),
        )

    def _remedy(self, value: PolicyValue, what: str) -> str:
        if self.options.managed_by == "configmgr":
            return f"In the client settings of Configuration Manager, Remote Tools, {what} (policy value {value.name})."
        if self.options.managed_by == "group_policy":
            return f"In Group Policy, {value.editor}: {what}."
        return f"In {value.editor}: {what}."

    # ------------------------------------------------------------------ groups of requirements

    def ownership(self) -> tuple[Requirement, ...]:
        return (
            Requirement(self.owner, OwnerWanted(self.options.managed_by, self._intended(), self._lives()), ("000-09",), writable=False),
        )

    def _lives(self) -> tuple[Life, ...]:
        if not self.options.solicits:
            return ()
        count, unit = self.options.ticket_life
        places = (Place(TICKET_COUNT.key, TICKET_COUNT.name).id, Place(TICKET_UNIT.key, TICKET_UNIT.name).id)
        return (Life(places, UNIT_MINUTES, count * UNIT_MINUTES[unit]),)

    def _intended(self) -> dict[str, tuple[str, Json] | None]:
        """What this collection wants each policy value to be, for comparison with what other policies would write."""
        options = self.options
        intended: dict[PolicyValue, Json] = {
            SOLICITED: int(options.solicits),
            OFFER: int(options.offers),
            ENCRYPTED_ONLY: int(options.encrypted_only),
            LOGGING: int(options.session_logging),
            SOLICITED_LEVEL: int(not options.view_only) if options.solicits else None,
            TICKET_COUNT: options.ticket_life[0] if options.solicits else None,
            TICKET_UNIT: options.ticket_life[1] if options.solicits else None,
            OFFER_LEVEL: int(not options.view_only) if options.offers else None,
        }
        if not options.solicits:
            intended[MAIL_METHOD] = None
        elif options.invitation_method:
            intended[MAIL_METHOD] = int(options.invitation_method == "mailto")
        if options.messages:
            intended |= {MESSAGES: 1, VIEW_MESSAGE: options.messages[0], CONTROL_MESSAGE: options.messages[1]}
        places: dict[str, tuple[str, Json] | None] = {}
        for value, data in intended.items():
            places[Place(value.key, value.name).id] = None if data is None else (value.type, data)
        for helper in options.helpers:
            places[Place(LIST_KEY, helper).id] = ("sz", helper)
        if not options.helpers:
            places[Place(LIST_KEY, "").id] = None
        return places

    def solicited(self) -> tuple[Requirement, ...]:
        options = self.options
        if options.solicits:
            return self._solicited_on()
        off: tuple[str, ...] = ("002-09", "002-25", "002-26", "002-27", "002-28", "002-35")
        off += ("002-52",) if options.mode == "disabled" else ("002-10", "002-51")
        local = ("002-25", "002-36", *(("002-47",) if options.mode == "offer_only" else ()))
        leftovers = [self._absent(value, ("002-35",)) for value in (SOLICITED_LEVEL, TICKET_COUNT, TICKET_UNIT, MAIL_METHOD)]
        return (*self._value(SOLICITED, 0, off, local), *(requirement for found in leftovers for requirement in found))

    def _solicited_on(self) -> tuple[Requirement, ...]:
        options = self.options
        level_controls = ("002-20", "002-34", "002-50") if options.view_only else ("002-20", "002-34")
        level = self._value(SOLICITED_LEVEL, int(not options.view_only), level_controls, ("002-46",) if options.view_only else ())
        life = Requirement(
            RegistryDuration(TICKET_COUNT.title, layered(TICKET_COUNT), layered(TICKET_UNIT)),
            DurationWanted(*options.ticket_life, layers=options.ours),
            ("002-06", "002-34"),
            writable=options.ours,
            authority=self.owner,
            remedy=self._remedy(TICKET_COUNT, f"set the longest life to {options.ticket_life[0]} {UNIT_NAMES[options.ticket_life[1]]}"),
        )
        mail: tuple[Requirement, ...] = ()
        if options.invitation_method:
            mail = self._value(MAIL_METHOD, int(options.invitation_method == "mailto"), ("002-17", "002-34"))
        after = (layered(SOLICITED_LEVEL).key, life.setting.key)
        return (*mail, *level, life, *self._value(SOLICITED, 1, ("002-09", "002-34"), ("002-25", "002-36"), after=after))

    def offered(self) -> tuple[Requirement, ...]:
        options = self.options
        common = ("002-09", "002-25")
        more: dict[str, Any] = {"triggers": (_TASK,), "affects": (self.group,)}
        if not options.offers:
            off = (*common, "002-30", "002-38", *(("002-52",) if options.mode == "disabled" else ()))
            return (*self._value(OFFER, 0, off, **more), *self._absent(OFFER_LEVEL, ("002-38",)))
        on = (*common, "002-37", *(("002-10", "002-51") if options.mode == "offer_only" else ()))
        level_controls = ("002-20", "002-33", "002-50") if options.view_only else ("002-20",)
        level = self._value(OFFER_LEVEL, int(not options.view_only), level_controls)
        return (*level, *self._value(OFFER, 1, on, after=(layered(OFFER_LEVEL).key, self.helper_list.key), **more))

    def helpers(self) -> tuple[Requirement, ...]:
        options = self.options
        triggers: dict[str, Any] = {"triggers": (_TASK,), "affects": (self.group,)}
        if not options.offers:
            leftovers = ("002-19", "002-38")
            return (
                Requirement(
                    self.helper_list,
                    ListWanted(empty=True, layers=options.ours),
                    leftovers,
                    writable=options.ours,
                    authority=self.owner,
                    remedy=self._remedy(OFFER, "set the policy to Disabled, which empties the list"),
                    after=(layered(OFFER).key,),
                    **triggers,
                ),
                Requirement(self.group, MembersWanted(empty=True), leftovers, writable=options.ours, remedy=_EMPTY_GROUP),
            )
        exclusive = ("002-10", "002-51") if options.mode == "offer_only" else ()
        view = ("002-50",) if options.view_only else ()
        group_controls = ("002-19", "002-31", *(("002-47",) if options.mode == "offer_only" else ()))
        breadth = tuple(
            Requirement(
                AccountBreadth("helpers", helper, options.helpers),
                None,
                ("002-37",),
                object=helper,
                writable=False,
                severity=Severity.HIGH,
                remedy="Name the group of the support staff instead.",
            )
            for helper in options.helpers
        )
        return (
            *breadth,
            Requirement(
                self.helper_list,
                ListWanted(layers=options.ours),
                ("002-19", "002-31", "002-37", *exclusive, *view),
                writable=options.ours,
                authority=self.owner,
                remedy=self._remedy(OFFER, f"show the helpers and list {', '.join(options.helpers)}"),
                **triggers,
            ),
            Requirement(
                _TASK,
                True,
                ("002-31",),
                writable=options.ours,
                remedy=f"Enable the scheduled task {HELPER_TASK_PATH}{HELPER_TASK}.",
                caveats=("that this task brings the list of helpers into effect is taken from its description",),
            ),
            Requirement(
                self.group,
                MembersWanted(),
                group_controls,
                writable=options.ours,
                after=(self.helper_list.key, layered(OFFER).key, _TASK.key),
                remedy="Let the scheduled task of Remote Assistance run, or edit the local group.",
            ),
            Requirement(
                LocalGroup("Administrators", "helpers", sid=ADMINISTRATORS, accounts=options.helpers),
                MembersWanted(without=True),
                ("002-48",),
                writable=False,
                severity=Severity.LOW,
                remedy="Take the helpers out of Administrators: being on the list is enough to offer help.",
                caveats=("members of nested groups are not looked into",),
            ),
            Requirement(HostFact("domain_member"), None, ("002-12",), writable=False, remedy="Offers need a domain."),
            Requirement(
                HostFact("vista_or_later"),
                None,
                ("002-13",),
                writable=False,
                caveats=("told of this host, as one that a helper may sit at; who helps from where is not known",),
            ),
        )

    def invitations(self) -> tuple[Requirement, ...]:
        options = self.options
        if not options.encrypted_only:
            return (*self._value(ENCRYPTED_ONLY, 0, ()), *self._restricted())
        controls = ("002-23", "002-39", "002-40", "002-49")
        return (*self._value(ENCRYPTED_ONLY, 1, controls, ("002-45",)), *self._restricted())

    def _restricted(self) -> tuple[Requirement, ...]:
        """Invitations that stay allowed are restricted in one of two ways."""
        if not self.options.solicits:
            return ()
        choice = AnyOf((layered(ENCRYPTED_ONLY), layered(SOLICITED_LEVEL)))
        remedy = "Write addresses in encrypted form only, or let helpers only view."
        return (Requirement(choice, (Wanted(1), Wanted(0)), ("002-29",), writable=False, remedy=remedy),)

    def sessions(self) -> tuple[Requirement, ...]:
        options = self.options
        logging = ("002-21",) if options.session_logging else ()
        requirements = [
            *self._value(LOGGING, int(options.session_logging), logging),
            Requirement(
                LayeredValue(
                    "shadowing of sessions without consent",
                    Place(POLICY_KEY, "Shadow"),
                    Place(_RDP_KEY, "Shadow", ("Shadow",)),
                    # What the policy's own help says of a policy that is disabled (TerminalServer.admx, TS_RemoteControl_2).
                    default=1,
                    meaning={
                        "0": "nobody may shadow",
                        "1": "control with the user's permission",
                        "2": "control without the user's permission",
                        "3": "view with the user's permission",
                        "4": "view without the user's permission",
                    },
                ),
                Wanted(1, other=(0, 3)),
                ("002-03",),
                writable=False,
                remedy="Set 'Set rules for remote control of Remote Desktop Services user sessions' to a choice that needs permission.",
            ),
            Requirement(
                WmiProperty(
                    "remote control by Configuration Manager",
                    READ_CONFIGMGR,
                    "PermissionRequired",
                    absent="there is no Configuration Manager client with a policy for it",
                    meaning={"True": "asks the user", "False": "does not ask the user"},
                ),
                True,
                ("002-03",),
                writable=False,
                remedy="Enable 'Prompt user for Remote Control permission' in the client settings, Remote Tools.",
                caveats=("the property's name is taken from the site's class and unproven on a client",),
            ),
            Requirement(
                LocalGroup("Administrators", "helpers", sid=ADMINISTRATORS),
                MembersWanted(no_crowds=True),
                ("002-27",),
                writable=False,
                remedy="Take the crowd out of Administrators.",
                caveats=("members of nested groups are not looked into",),
            ),
            Requirement(
                HostFact("vista_or_later"),
                None,
                ("002-04", "002-05", "002-11", "002-24"),
                writable=False,
                caveats=(_DOCUMENTED,),
            ),
        ]
        if options.messages:
            view, control = options.messages
            texts = (*self._value(VIEW_MESSAGE, view, ("002-41",)), *self._value(CONTROL_MESSAGE, control, ("002-41",)))
            after = tuple(text.setting.key for text in texts)
            requirements += [*texts, *self._value(MESSAGES, 1, ("002-41",), after=after)]
        return tuple(requirements)

    def system(self) -> tuple[Requirement, ...]:
        options = self.options
        visible = options.uac_prompt_visible
        uac = LayeredValue(
            "elevation prompts of accessibility programs outside the secure desktop",
            Place(UAC_KEY, "EnableUIADesktopToggle", ("EnableUIADesktopToggle",)),
            default=0,
            label="uac",
            meaning={"0": "off", "1": "on"},
        )
        caveats = ("contradicts STIG V-225062, which wants this off",) if visible else ()
        present = options.mode != "disabled"
        return (
            Requirement(
                uac,
                Wanted(int(bool(visible)), Layer.EFFECTIVE if visible is None else Layer.POLICY),
                ("002-42",),
                writable=visible is not None and options.ours,
                remedy="Security Options > User Account Control: Allow UIAccess applications to prompt for elevation without"
                f" using the secure desktop > {'Enabled' if visible else 'Disabled'}.",
                caveats=caveats,
            ),
            Requirement(
                ServerFeature(FEATURE),
                present,
                ("002-01", "002-07", "002-43" if present else "002-44"),
                writable=options.manage_feature and options.ours,
                severity=Severity.LOW,
                remedy=f"{'Install' if present else 'Remove'} the feature {FEATURE}, or set manage_feature to let apply do it.",
            ),
        )

    # ------------------------------------------------------------------ what needs no reading

    def declared_drift(self) -> tuple[Statement, ...]:
        """What the options themselves say against a recommendation, or leave open."""
        options = self.options
        found = []
        if options.solicits:
            messaging = "invitations are allowed, and which messaging programs are installed is not looked into"
            remedy = "Look through the software inventory, and waive this control with where that is recorded."
            expected = "no messaging program that can send invitations"
            found.append(Statement("002-27", Status.INDETERMINATE, messaging, expected, remedy, code=Code.NOT_LOOKED_INTO))
        if not options.encrypted_only:
            clear_text = "encrypted_only is false: invitations carry the address in clear text"
            found += [
                Statement(control, Status.DRIFT, clear_text, "encrypted_only: true", "Declare encrypted_only: true.")
                for control in ("002-23", "002-39", "002-40", "002-45", "002-49")
            ]
        if not options.session_logging:
            no_logs = "session_logging is false: no session logs are kept"
            found.append(Statement("002-21", Status.DRIFT, no_logs, "session_logging: true", "Declare session_logging: true."))
        return tuple(found)

    def not_applicable(self) -> dict[str, str]:
        """Every control of the area that this mode makes meaningless, with the reason."""
        options = self.options
        no_solicited = f"mode {options.mode}: nobody can ask for help"
        no_offer = f"mode {options.mode}: nobody can offer help"
        reasons = dict.fromkeys(("002-06", "002-17", "002-29", "002-34", "002-46"), no_solicited)
        reasons |= dict.fromkeys(("002-12", "002-13", "002-19", "002-31", "002-33", "002-37", "002-48"), no_offer)
        reasons |= dict.fromkeys(("002-26", "002-28", "002-35"), f"mode {options.mode}: asking for help is wanted")
        reasons |= dict.fromkeys(("002-30", "002-38"), f"mode {options.mode}: offering help is wanted")
        reasons |= dict.fromkeys(("002-10", "002-47", "002-51"), f"mode {options.mode}: offers are not the only kind wanted")
        reasons |= {
            "002-50": f"mode {options.mode}, control {'view_only' if options.view_only else 'full'}: view only is not what was chosen"
        }
        reasons |= {"002-52": f"mode {options.mode}: not everything is to be off"}
        reasons |= {"002-43": f"mode {options.mode}: Remote Assistance is not wanted"}
        reasons |= {"002-44": f"mode {options.mode}: Remote Assistance is wanted"}
        reasons |= {"002-20": f"mode {options.mode}: there are no sessions"}
        reasons |= {"002-41": "no warning_messages are declared"}
        if options.solicits:
            reasons |= {"002-17": "no invitation_method is declared"}
        if not options.view_only:
            reasons |= dict.fromkeys(("002-33", "002-46"), "control is full: view only is not what was chosen")
        return reasons


def _choice(value: PolicyValue, data: Json) -> str:
    """What to choose in the policy editor."""
    if value.enabled is not None:
        return f"set the policy to {'Enabled' if data == value.enabled else 'Disabled'}"
    return f"set '{value.title}' to '{value.choices.get(data, data) if isinstance(data, int) else data}'"
