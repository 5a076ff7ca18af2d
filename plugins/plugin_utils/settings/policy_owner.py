# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who decides a set of policy values: Group Policy, local policy, Configuration Manager, device management, or nobody.

The values by themselves cannot tell, since all of these write the same keys. What is looked at, in this order: the resultant set of
policy that Windows keeps in WMI (MS docs, RSOP_RegistryPolicySetting), the list of applied Group Policy objects, the copies of
registry policy files on the disk, and the client's own policy from the site.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answer, Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.accounts import Account, resolve, resolved
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.registry_data import decode
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.registry_pol import MalformedPolicyError, PolicyInstruction, parse

ManagedBy = Literal["this_collection", "group_policy", "configmgr"]

# The extension that applies registry policy; its list of what it applied is in no language.
_REGISTRY_EXTENSION = "{35378EAC-683F-11D2-A89A-00C04FBBCFA2}"
_HISTORY = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Group Policy\\History\\" + _REGISTRY_EXTENSION
READ_HISTORY = Operation.of("registry.read", key=_HISTORY, names=["DisplayName", "GPOName", "FileSysPath", "DSPath"], depth=1)
READ_LOGGING = Operation.of("registry.read", key="HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\System", names=["RSoPLogging"])
READ_GPOS = Operation.of(
    "cim.query", namespace="root\\RSOP\\Computer", query="SELECT * FROM RSOP_GPO", properties=["id", "name", "guidName", "fileSystemPath"]
)
READ_SESSION = Operation.of(
    "cim.query", namespace="root\\RSOP\\Computer", query="SELECT * FROM RSOP_Session", properties=["id", "creationTime"]
)
_READ_LOCAL_FILE = Operation.of("file.read", path="%SystemRoot%\\System32\\GroupPolicy\\Machine\\Registry.pol")
_READ_CACHE = Operation.of(
    "file.read", path="%SystemRoot%\\System32\\GroupPolicy\\DataStore\\0\\sysvol\\*\\Policies\\*\\Machine\\Registry.pol"
)
READ_CONFIGMGR = Operation.of(
    "cim.query",
    namespace="root\\ccm\\policy\\machine\\ActualConfig",
    query="SELECT * FROM CCM_RemoteToolsConfig",
    properties=["ManageRA", "EnforceRAandTSSettings", "PermissionRequired", "PolicySource"],
)
_GUID = re.compile(r"\{[0-9A-Fa-f-]{36}\}")


@dataclass(frozen=True)
class PolicyEntry:
    """A value that a policy sets, or removes (C(type) None). C(place) is KEY|NAME, case-folded; C(by) says in words whose policy.

    C(soft): it is only set where there is none.
    """

    place: str
    name: str
    by: str
    type: str | None
    data: Json = None
    soft: bool = False

    @property
    def clears(self) -> bool:
        """Whether it removes all values of its key; then the place ends with the bar."""
        return self.place.endswith("|")


@dataclass(frozen=True)
class Ownership:
    """C(domain): what Group Policy objects set; C(local): what the local policy file would write; C(visible): whether that is all."""

    domain: tuple[PolicyEntry, ...]
    local: tuple[PolicyEntry, ...]
    configmgr: str | None
    mdm: bool
    visible: bool
    why_not_visible: str = ""
    trouble: Problem | None = None
    accounts: tuple[Account, ...] = ()

    @property
    def domain_names(self) -> tuple[str, ...]:
        return tuple(sorted({entry.by for entry in self.domain}))


@dataclass(frozen=True)
class Life:
    """A length of time at two places, count and unit; C(minutes) by the unit's number; C(most) in minutes."""

    places: tuple[str, str]
    minutes: tuple[int, ...]
    most: int

    def longer(self, entries: Iterable[PolicyEntry]) -> str | None:
        """What some entries would make of it, in words, when that is not at most the wanted length; None as well when they do not say."""
        found = {entry.place: entry for entry in entries if entry.place in self.places}
        if not found:
            return None
        count, unit = (found[place].data if place in found else None for place in self.places)
        if isinstance(count, int) and isinstance(unit, int) and unit < len(self.minutes) and count * self.minutes[unit] <= self.most:
            return None
        return ", ".join(f"{entry.name} = {'absent' if entry.type is None else entry.data}" for entry in found.values())


@dataclass(frozen=True)
class OwnerWanted:
    """C(intended): what this collection wants at each place, as ("type", data), or None for absent.

    C(lives): lengths of time that only must not be longer.
    """

    managed_by: ManagedBy
    intended: Mapping[str, tuple[str, Json] | None]
    lives: tuple[Life, ...] = ()


@dataclass(frozen=True)
class PolicyOwner(Setting):
    """The owner of the values below C(policy_key) (with HKLM) that C(names) lists, and of all values in the key C(list_key) below it.

    C(declared): whom the operator named as the owner. C(accounts): those of the operator's C(option) that the list should name.
    """

    kind: ClassVar[str] = "policy_owner"
    title: str
    policy_key: str
    names: tuple[str, ...]
    list_key: str | None = None
    mdm_key: str | None = None
    declared: ManagedBy = "this_collection"
    option: str = ""
    accounts: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"policy_owner:{self.policy_key.casefold()}"

    def _read_rsop(self) -> Operation:
        below = self.policy_key.partition("\\")[2].replace("\\", "\\\\").replace("'", "\\'")
        return Operation.of(
            "cim.query",
            namespace="root\\RSOP\\Computer",
            query=f"SELECT * FROM RSOP_RegistryPolicySetting WHERE registryKey LIKE '{below}%'",  # noqa: S608 the key is a constant of an area
            properties=["registryKey", "valueName", "valueType", "value", "GPOID", "precedence", "deleted", "command"],
        )

    def _read_mdm(self) -> tuple[Operation, ...]:
        return (Operation.of("registry.read", key=self.mdm_key),) if self.mdm_key else ()

    def reads(self) -> tuple[Operation, ...]:
        return (
            self._read_rsop(),
            READ_SESSION,
            READ_GPOS,
            READ_LOGGING,
            READ_HISTORY,
            _READ_LOCAL_FILE,
            _READ_CACHE,
            READ_CONFIGMGR,
            *self._read_mdm(),
            *((resolve(self.accounts),) if self.accounts else ()),
        )

    def interpret(self, answers: Answers) -> Observation:
        """What can be seen, and in C(trouble) what cannot: a part that is unreadable does not hide what another part shows."""
        configmgr, local, mdm = (
            answers[READ_CONFIGMGR],
            self._local(answers[_READ_LOCAL_FILE]),
            [answers[read] for read in self._read_mdm()],
        )
        domain, why_not = self._domain(answers)
        known, _trouble = resolved(answers, self.option, self.accounts)
        failures = [(configmgr.failure, "the client's remote tools policy (CCM_RemoteToolsConfig)")]
        failures += [(answer.failure, "the values of device management (MDM)") for answer in mdm]
        troubles = [Problem.from_failure(failure, what) for failure, what in failures if failure and failure.kind != "unsupported"]
        troubles += [local] if isinstance(local, Problem) else []
        ownership = Ownership(
            domain=domain or (),
            local=() if isinstance(local, Problem) else local,
            configmgr=_configmgr(configmgr),
            mdm=any(answer.ok and answer.data["values"] for answer in mdm),
            visible=domain is not None,
            why_not_visible=why_not,
            trouble=troubles[0] if troubles else None,
            accounts=tuple(known.values()),
        )
        caveats = []
        if ownership.configmgr:
            caveats.append("the property names of CCM_RemoteToolsConfig are taken from the site's class and unproven on a client")
        if ownership.mdm:
            caveats.append("where device management keeps these values is unproven")
        return Observation(value=ownership, evidence=_evidence(ownership), caveats=tuple(caveats))

    # ---------------------------------------------------------------- reading

    def _concerns(self, key: str, name: str) -> str | None:
        """The place of a policy value that belongs to this setting; None for any other."""
        full = f"HKLM\\{key}".rstrip("\\").casefold()
        if full == self.policy_key.casefold() and name.casefold() in {known.casefold() for known in self.names}:
            return f"{full}|{name.casefold()}"
        if self.list_key and full == self.list_key.casefold():
            return f"{full}|{name.casefold()}"
        return None

    def _domain(self, answers: Answers) -> tuple[tuple[PolicyEntry, ...] | None, str]:
        """What Group Policy objects of the domain set, or None and the reason why that cannot be seen."""
        logging = answers[READ_LOGGING]
        off = logging.ok and (logging.data["values"].get("RSoPLogging") or {}).get("data") == 0
        session, gpos, rsop = answers[READ_SESSION], answers[READ_GPOS], answers[self._read_rsop()]
        readable = session.ok and gpos.ok and rsop.ok
        if not off and readable and session.data["rows"]:
            names = {
                str(row.get("id", "")).casefold(): str(row.get("name") or row.get("guidName") or row.get("id")) for row in gpos.data["rows"]
            }
            return tuple(self._from_rsop(rsop.data["rows"], names)), ""
        history = answers[READ_HISTORY]
        reason = "RSoP logging is off" if off else "RSoP holds nothing" if readable else "RSoP cannot be read"
        if not history.ok or not history.data["exists"]:
            return None, f"{reason} and Windows keeps no list of applied Group Policy objects"
        # The keys' names are the numbers in the order of application, and ten of them sort before two as texts.
        numbered = sorted(history.data["subkeys"].items(), key=lambda pair: (len(pair[0]), pair[0]))
        applied = [_texts(entry) for _number, entry in numbered]
        objects = [entry for entry in applied if entry.get("DSPath", "").casefold() != "localgpo"]
        cache = answers[_READ_CACHE]
        if not objects:
            return (), ""
        if not cache.ok or cache.data["truncated"]:
            return None, f"{reason} and the copies of policy files cannot be read"
        files = {_guid(file["path"]): file["base64"] for file in cache.data["files"]}
        found: dict[str, PolicyEntry] = {}
        for entry in objects:
            guid = _guid(entry.get("GPOName", "")) or _guid(entry.get("FileSysPath", ""))
            by = f'the Group Policy object "{entry.get("DisplayName") or guid}"'
            content = files.get(guid) if guid else None
            if content is None:
                return None, f"{reason} and Windows keeps no copy of {by}"
            try:
                instructions = parse(base64.b64decode(content))
            except MalformedPolicyError:
                return None, f"{reason} and the copy of {by} cannot be parsed"
            # Who comes later wins.
            self._lay_over(found, instructions, by)
        return tuple(found.values()), ""

    def _from_rsop(self, rows: Iterable[Mapping[str, Json]], names: Mapping[str, str]) -> Iterable[PolicyEntry]:
        for row in rows:
            key, name, identity = (str(row.get(field) or "") for field in ("registryKey", "valueName", "GPOID"))
            if row.get("precedence") != 1 or identity.casefold() == "localgpo":
                continue
            by = f'the Group Policy object "{names.get(identity.casefold(), identity)}"'
            value = row.get("value")
            data = base64.b64decode(value["base64"]) if isinstance(value, dict) else bytes(value or [])
            kind, content = decode(int(row.get("valueType") or 0), data)
            # What is removed has a name of its own or is told by the instruction, which without a word is taken for "all values".
            command = f"**del.{name}" if name else str(row.get("command") or "**delvals.")
            yield from self._from_instructions([PolicyInstruction(key, command if row.get("deleted") else name, kind, content)], by)

    def _from_instructions(self, instructions: Iterable[PolicyInstruction], by: str) -> Iterable[PolicyEntry]:
        for instruction in instructions:
            for key, below in instruction.cleared_keys:
                yield from self._cleared(f"HKLM\\{key}".casefold(), by, below=below)
            for name in instruction.removed_names:
                place = self._concerns(instruction.key, name)
                if place is not None:
                    yield PolicyEntry(place, name, by, None)
            place = self._concerns(instruction.key, instruction.written_name) if instruction.writes else None
            if place is not None:
                yield PolicyEntry(place, instruction.written_name, by, instruction.type, instruction.data, soft=instruction.only_if_absent)

    def _cleared(self, cleared: str, by: str, *, below: bool) -> Iterable[PolicyEntry]:
        """All values of a key go: the list as a whole, and each single value that is known by name."""
        policy, listed = self.policy_key.casefold(), (self.list_key or "").casefold()
        for key in (policy, listed):
            if key == cleared or (below and key.startswith(f"{cleared}\\")):
                yield PolicyEntry(f"{key}|", "all values of the list" if key == listed else "all values", by, None)
                if key == policy:
                    yield from (PolicyEntry(f"{key}|{name.casefold()}", name, by, None) for name in self.names)

    def _local(self, answer: Answer) -> tuple[PolicyEntry, ...] | Problem:
        if answer.failure:
            return Problem.from_failure(answer.failure, "the local Registry.pol")
        found: dict[str, PolicyEntry] = {}
        for file in answer.data["files"]:
            if file["base64"] is None:
                return Problem(Code.MALFORMED_VALUE, "The local Registry.pol is larger than a policy file may be.")
            try:
                instructions = parse(base64.b64decode(file["base64"]))
            except MalformedPolicyError as error:
                return Problem(Code.MALFORMED_VALUE, f"The local Registry.pol cannot be parsed: {error}.")
            self._lay_over(found, instructions, "the local Group Policy")
        return tuple(found.values())

    def _lay_over(self, found: dict[str, PolicyEntry], instructions: Iterable[PolicyInstruction], by: str) -> None:
        """Instructions in their order: a later one replaces an earlier one, and clearing a key replaces all of that key."""
        for entry in self._from_instructions(instructions, by):
            if entry.clears:
                for place in [place for place in found if place.startswith(entry.place)]:
                    del found[place]
            found[entry.place] = entry

    # ---------------------------------------------------------------- judging

    def _stale(self, ownership: Ownership, wanted: OwnerWanted) -> list[str]:
        """What the local policy would write back against what is intended, in words."""
        lives = {place for pair in wanted.lives for place in pair.places}
        stale = [
            entry
            for entry in ownership.local
            if entry.place in wanted.intended and entry.place not in lives and not _agrees(entry, wanted.intended[entry.place])
        ]
        found = [f"{entry.name} = {'absent' if entry.type is None else entry.data}" for entry in stale]
        found += [text for life in wanted.lives if (text := life.longer(ownership.local))]
        return found + self._stale_list(ownership, wanted)

    def _stale_list(self, ownership: Ownership, wanted: OwnerWanted) -> list[str]:
        listed = [entry for entry in ownership.local if self._listed(entry.place) and not entry.clears]
        clears = any(entry.clears for entry in ownership.local if self._listed(entry.place))
        intended = [data[1] for place, data in wanted.intended.items() if self._listed(place) and data]
        wished = frozenset().union(*(_spellings(ownership, name) for name in intended)) if intended else frozenset()
        named = {text.casefold() for entry in listed if (text := _text(entry))}
        foreign = [f"{entry.name} = {entry.data}" for entry in listed if _text(entry).casefold() not in wished]
        missing = [f"a list without {name}" for name in intended if clears and not _spellings(ownership, name) & named]
        return foreign + missing

    def decides(self, observation: Observation, difference: Difference) -> str | None:
        ownership: Ownership = observation.value
        place = difference.place
        if place is None:
            return None
        by = next((entry.by for entry in ownership.domain if entry.place == place), None)
        if by is None and self._listed(place):
            # A list that Group Policy sets is replaced as a whole.
            by = next((entry.by for entry in ownership.domain if self._listed(entry.place)), None)
        if by is not None:
            return f"{by} and {ownership.configmgr}" if ownership.configmgr else by
        if ownership.configmgr and self.declared != "configmgr":
            return ownership.configmgr
        if ownership.mdm:
            return "device management (MDM)"
        target = difference.target
        intended = (target["type"], target["data"]) if target else None
        return next((entry.by for entry in ownership.local if entry.place == place and not _agrees(entry, intended)), None) or (
            self._local_list(ownership, place, difference)
        )

    def _listed(self, place: str) -> bool:
        return self.list_key is not None and place.startswith(f"{self.list_key.casefold()}|")

    def _local_list(self, ownership: Ownership, place: str, difference: Difference) -> str | None:
        """The local policy clears the list first: then whoever it does not name would go again."""
        clearing = next((entry for entry in ownership.local if entry.clears and self._listed(entry.place)), None)
        if clearing is None or not self._listed(place) or difference.target is None:
            return None
        named = {_text(entry).casefold() for entry in ownership.local if self._listed(entry.place) and not entry.clears}
        return None if _spellings(ownership, str(difference.target["data"])) & named else clearing.by

    def assess(self, observation: Observation, wanted: OwnerWanted) -> Assessment:
        ownership: Ownership = observation.value
        expected = f"{self.title}: decided by {_OWNER_WORDS[wanted.managed_by]} alone"
        group_policy = ", ".join(ownership.domain_names)
        if ownership.domain and ownership.configmgr:
            return Assessment(
                Status.CONFLICT,
                expected,
                f"both {group_policy} and {ownership.configmgr} set Remote Assistance",
                remedy="Choose one of the two: take the settings out of the Group Policy object, or turn off both"
                " 'Manage ... Remote Assistance settings' switches in the Remote Tools client settings.",
            )
        rivals = [group_policy] if ownership.domain and wanted.managed_by != "group_policy" else []
        rivals += [ownership.configmgr] if ownership.configmgr and wanted.managed_by != "configmgr" else []
        rivals += ["device management (MDM)"] if ownership.mdm else []
        if rivals:
            remedy = "Declare the owner that is meant in managed_by, or take the settings out of the other one."
            return Assessment(Status.CONFLICT, expected, f"{' and '.join(rivals)} sets Remote Assistance", remedy=remedy)
        return self._assess_alone(ownership, wanted, expected)

    def _assess_alone(self, ownership: Ownership, wanted: OwnerWanted, expected: str) -> Assessment:
        if wanted.managed_by == "this_collection":
            stale = self._stale(ownership, wanted)
            if stale:
                return Assessment(
                    Status.CONFLICT,
                    expected,
                    f"the local Group Policy (Registry.pol) would write back {', '.join(stale)}",
                    remedy="Set these to Not Configured in the local policy editor (gpedit.msc), or remove the stale Registry.pol.",
                )
        if ownership.trouble:
            return Assessment(Status.INDETERMINATE, expected, ownership.trouble.message, code=ownership.trouble.code, remedy=_SHOW)
        found = {
            "this_collection": True,
            "group_policy": bool(ownership.domain or ownership.local),
            "configmgr": bool(ownership.configmgr),
        }[wanted.managed_by]
        if wanted.managed_by != "this_collection" and not found and (ownership.visible or wanted.managed_by == "configmgr"):
            owner = _OWNER_WORDS[wanted.managed_by]
            remedy = f"Let {owner} set Remote Assistance on this host, or declare another owner in managed_by."
            return Assessment(Status.DRIFT, expected, f"nothing of it comes from {owner}", remedy=remedy)
        if not ownership.visible and not (wanted.managed_by == "group_policy" and found):
            return Assessment(Status.INDETERMINATE, expected, ownership.why_not_visible, code=Code.OWNERSHIP_NOT_VISIBLE, remedy=_SHOW)
        return Assessment(Status.COMPLIANT, expected, f"{self.title}: decided by {_OWNER_WORDS[wanted.managed_by]}")


_SHOW = "Turn RSoP logging on (policy 'Turn off Resultant Set of Policy logging' not enabled), update Group Policy, and verify again."
_OWNER_WORDS = {"this_collection": "this collection", "group_policy": "Group Policy", "configmgr": "Configuration Manager"}


def _agrees(entry: PolicyEntry, intended: tuple[str, Json] | None) -> bool:
    """Whether an entry would leave the value as it is intended."""
    if entry.soft:
        return intended is not None
    if intended is None or entry.type is None:
        return intended is None and entry.type is None
    if isinstance(entry.data, str) and isinstance(intended[1], str):
        # Names of accounts ignore case, and no other text is decided here.
        return entry.type == intended[0] and entry.data.casefold() == intended[1].casefold()
    return bool(entry.type == intended[0] and entry.data == intended[1])


def _text(entry: PolicyEntry) -> str:
    """An account on a list: data, or the name where that is empty."""
    return entry.data if isinstance(entry.data, str) and entry.data else entry.name


def _spellings(ownership: Ownership, name: str) -> frozenset[str]:
    """All texts that mean the same account, case-folded."""
    known = next((account.spellings for account in ownership.accounts if name.casefold() in account.spellings), frozenset())
    return known | {name.casefold()}


def _configmgr(answer: Answer) -> str | None:
    """In words, that Configuration Manager manages it; None when it does not or there is no client."""
    for row in answer.data["rows"] if answer.ok else []:
        if row.get("ManageRA") or row.get("EnforceRAandTSSettings"):
            return f"Configuration Manager (client settings, Remote Tools, from {row.get('PolicySource') or 'the site'})"
    return None


def _evidence(ownership: Ownership) -> tuple[str, ...]:
    lines = [
        f"{entry.by} sets {entry.name} = {'absent' if entry.type is None else entry.data}"
        for entry in (*ownership.domain, *ownership.local)
    ]
    if ownership.configmgr:
        lines.append(ownership.configmgr)
    if not ownership.visible:
        lines.append(ownership.why_not_visible)
    return tuple(lines)


def _texts(entry: Mapping[str, Json]) -> dict[str, str]:
    return {name: str(value["data"]) for name, value in entry["values"].items()}


def _guid(text: str) -> str | None:
    found = _GUID.findall(text)
    return found[-1].casefold() if found else None
