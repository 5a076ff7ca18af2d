# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Answers of an SMS Provider host, from the few values that a test of a site's settings cares about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answer, Answers, Failure, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Setting
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import SERVER

Row = dict[str, Json]
PUSH = "Set-CMClientPushInstallation"
PUSH_PARAMETERS = (
    "AddAccount",
    "AllownNTLMFallback",
    "ClearAccount",
    "EnableAutomaticClientPushInstallation",
    "EnableSystemTypeConfigurationManager",
    "EnableSystemTypeServer",
    "EnableSystemTypeWorkstation",
    "InstallationProperty",
    "InstallClientToDomainController",
    "RemoveAccount",
    "SiteCode",
)
CONSOLE: Mapping[str, Sequence[str]] = {
    PUSH: PUSH_PARAMETERS,
    "New-CMAccount": ("UserName", "Password", "SiteCode"),
    "Set-CMSiteMaintenanceTask": ("Enabled", "MaintenanceTask", "SiteCode"),
}
PROVIDER: Row = {"SiteCode": "P01", "ProviderForLocalSite": True, "Machine": "CM01.corp.example"}
SITE: Row = {"SiteCode": "P01", "Type": 2, "Version": "5.00.9128.1000", "ServerName": "CM01", "SecondarySiteCMUpdateStatus": None}


def prop(name: str, value: int = 0, text: str = "", second: str = "") -> Row:
    return {"PropertyName": name, "Value": value, "Value1": text, "Value2": second}


def listed(*accounts: str, name: str = "Reserved2") -> Row:
    return {"PropertyListName": name, "Values": list(accounts)}


def item(*props: Row, lists: Sequence[Row] = (), **more: Json) -> Row:
    return {"Props": list(props), "PropLists": list(lists), **more}


def site_answers(
    settings: Setting | Iterable[Setting],
    *,
    rows: Mapping[str, Sequence[Row] | Failure] | None = None,
    providers: Sequence[Row] | Failure = (PROVIDER,),
    sites: Sequence[Row] | Failure = (SITE,),
    commands: Mapping[str, Sequence[str]] | Failure = CONSOLE,
    ended: Iterable[Operation] = (),
) -> Answers:
    """An answer to every read of the settings.

    C(rows): what a query finds, by the class, or by a word of the query where it is more than one. C(ended): waits that have ended well.
    """
    found: dict[Operation, Answer] = {operation: Answer({"rows": []}) for operation in ended}
    for setting in (settings,) if isinstance(settings, Setting) else settings:
        for read in setting.reads():
            found[read] = _answer(read, found, dict(rows or {}), providers, sites, commands)
    return Answers(SERVER, found)


def _answer(
    read: Operation,
    earlier: Mapping[Operation, Answer],
    rows: Mapping[str, Sequence[Row] | Failure],
    providers: Sequence[Row] | Failure,
    sites: Sequence[Row] | Failure,
    commands: Mapping[str, Sequence[str]] | Failure,
) -> Answer:
    fields = read.fields
    if read.op == "cmdlet.describe":
        if isinstance(commands, Failure):
            return Answer(failure=commands)
        described = {name: {"version": "5.2", "parameters": list(commands[name])} if name in commands else None for name in fields["names"]}
        return Answer({"commands": described})
    query = fields["query"]
    if "SMS_ProviderLocation" in query:
        return _given(providers if isinstance(providers, Failure) else [row for row in providers if _matches(row, query)])
    if "${" in fields["namespace"]:
        asked = re.match(r".*\$\{(\w+)\.", fields["namespace"])
        assert asked is not None
        before = next(answer for operation, answer in earlier.items() if operation.id == asked[1])
        if not before.ok or not before.data["rows"]:
            return Answer(failure=Failure("dependency", "The reference leads nowhere."))
    elif fields["namespace"].rpartition("_")[2].upper() not in (
        () if isinstance(providers, Failure) else {row["SiteCode"] for row in providers}
    ):
        return Answer(failure=Failure("unsupported", "Invalid namespace.", -2147217394))
    if " SMS_Site" in query:
        return _given(sites)
    word = next((word for word in rows if word in query), None)
    return _given(rows[word] if word else [])


def _given(found: Sequence[Row] | Failure) -> Answer:
    return Answer(failure=found) if isinstance(found, Failure) else Answer({"rows": [dict(row) for row in found]})


def _matches(row: Row, query: str) -> bool:
    """The two conditions that are asked for."""
    if "TRUE" in query and not row["ProviderForLocalSite"]:
        return False
    other = re.search(r"SiteCode <> '(\w+)'", query)
    return other is None or str(row["SiteCode"]).casefold() != other[1].casefold()


def parameters(operation: Operation) -> dict[str, Any]:
    """What a cmdlet is called with."""
    assert operation.op == "cmdlet.invoke"
    given: dict[str, Any] = operation.fields["parameters"]
    return given
