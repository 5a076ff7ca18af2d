# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One execution to verify, a second one to apply."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.enforce import Outcome, run
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.judge import Context
from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.snapshot import parse
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import ChangeState
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import ContractError, HostError, OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.exceptions import Waiver
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.finding import Finding
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands, Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry import Place, Stored
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_accounts import ListWanted, RegistryAccounts
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_value import RegistryValue
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.server_feature import ServerFeature
from ansible_collections.configmgr.hardening.tests.unit.engine.fakes import (
    ELSEWHERE,
    HOST,
    KEY,
    LIST,
    TODAY,
    Fake,
    FakeHost,
    bad,
    context,
    difference,
    requirement,
    write,
)

ON, OFF = Stored("dword", 1), Stored("dword", 0)
NAME = "run-1-20260102030405000"


def value(name: str, wanted: Stored | None, control: str = "A-1", key: str = KEY, **more: Any) -> Requirement:
    return Requirement(RegistryValue(Place(key, name), name), wanted, (control,), **more)


LEVEL, OFFER = value("fAllowFullControl", OFF), value("fAllowUnsolicited", ON, "A-2", after=(value("fAllowFullControl", OFF).setting.key,))
LOGGING = value("LoggingEnabled", ON, "A-3")
ALL = (LEVEL, OFFER, LOGGING)


def host(level: int | None = None, offer: int | None = None, logging: int | None = None, **more: Any) -> FakeHost:
    given = {"fAllowFullControl": level, "fAllowUnsolicited": offer, "LoggingEnabled": logging}
    values = {(KEY.casefold(), name.casefold()): ("dword", data) for name, data in given.items() if data is not None}
    return FakeHost(values=values, **more)


def enforced(of: FakeHost, *requirements: Requirement, check: bool = False, within: Context | None = None, **more: Any) -> Outcome:
    return run([Demands("area", requirements or ALL)], of.execute, within or context(), check=check, run_id="run-1", **more)


def by_control(outcome: Outcome) -> dict[str | None, Finding]:
    return {finding.control: finding for finding in outcome.findings}


def states(outcome: Outcome) -> list[ChangeState]:
    return [change.state for change in outcome.changes]


def writing(name: str) -> Any:
    """Whether an operation writes that value."""
    return lambda operation: "access_denied" if operation["op"] == "registry.write" and operation["name"] == name else None


# ---------------------------------------------------------------- how often the host is asked


@pytest.mark.parametrize("check", [True, False])
def test_where_nothing_differs_one_execution_is_enough(check: bool) -> None:
    found = enforced(right := host(0, 1, 1), check=check)

    assert len(right.requests) == 1
    assert (found.changes, found.changed, found.snapshot) == ((), False, None)
    assert {finding.status for finding in found.findings} == {Status.COMPLIANT}
    assert right.files == {}


def test_a_verification_changes_nothing_and_says_what_apply_would() -> None:
    found = enforced(wrong := host(1, 0), check=True)
    before = dict(host(1, 0).values)

    assert len(wrong.requests) == 1
    assert wrong.values == before and wrong.files == {}
    assert found.changed and found.snapshot is None
    assert states(found) == [ChangeState.PLANNED] * 3
    assert {finding.status for finding in found.findings} == {Status.DRIFT}
    assert [change.describe() for change in found.changes] == [
        "fAllowFullControl: 1 -> 0",
        "fAllowUnsolicited: 0 -> 1",
        "LoggingEnabled: absent -> 1",
    ]


def test_an_apply_writes_and_proves_it_in_a_second_execution() -> None:
    announced: list[str] = []
    found = enforced(wrong := host(1, 0), announce=announced.append)

    assert len(wrong.requests) == 2
    assert wrong.values == host(0, 1, 1).values
    assert found.changed and states(found) == [ChangeState.MADE] * 3
    assert {finding.status for finding in found.findings} == {Status.COMPLIANT}
    assert found.snapshot == NAME and announced == [NAME]
    assert found.host.name == "CL01"


def test_applying_again_changes_nothing() -> None:
    enforced(wrong := host(1, 0))
    again = enforced(wrong)

    assert len(wrong.requests) == 3
    assert not again.changed and again.changes == ()


@pytest.mark.parametrize("values", [(0, 1, 1), (1, 0, None), (0, 0, 0), (None, None, None), (0, 1, 0)])
def test_a_verification_says_changed_just_where_apply_does(values: tuple[int | None, ...]) -> None:
    checked, applied = enforced(host(*values), check=True), enforced(host(*values))

    assert checked.changed is applied.changed
    assert [change.describe() for change in checked.changes] == [change.describe() for change in applied.changes]


def test_the_snapshot_holds_what_was_there_and_comes_first() -> None:
    enforced(wrong := host(1))
    first = wrong.requests[1][0]
    kept = parse(wrong.files[f"snapshots\\{NAME}.json"])

    assert (first["op"], first["path"]) == ("file.write", f"snapshots\\{NAME}.json")
    assert {entry["name"]: entry["before"] for entry in kept.settings} == {
        "fAllowFullControl": {"type": "dword", "data": 1},
        "fAllowUnsolicited": None,
        "LoggingEnabled": None,
    }
    assert kept.areas == ("area",)
    assert all(first["id"] in operation["needs"] for operation in wrong.requests[1] if operation["op"] == "registry.write")


def test_what_is_not_ours_is_only_judged() -> None:
    found = enforced(wrong := host(1, 0), *(replace(each, writable=False) for each in ALL))

    assert len(wrong.requests) == 1
    assert found.changes == () and not found.changed
    assert {finding.status for finding in found.findings} == {Status.DRIFT}


# ---------------------------------------------------------------- what goes wrong


def test_a_failed_write_is_an_error_and_the_others_count() -> None:
    found = enforced(wrong := host(1, 0, fails=writing("LoggingEnabled")))
    logging = by_control(found)["A-3"]

    assert states(found) == [ChangeState.MADE, ChangeState.MADE, ChangeState.FAILED]
    assert found.changed and found.snapshot == NAME
    assert (logging.status, logging.actual) == (Status.ERROR, "LoggingEnabled: absent -> 1 failed: The host says access_denied.")
    assert logging.remedy == "Mend what the host says and apply again."
    assert by_control(found)["A-1"].status is Status.COMPLIANT and by_control(found)["A-2"].status is Status.COMPLIANT
    assert wrong.values == host(0, 1).values


def test_what_has_to_come_first_and_failed_keeps_the_rest_from_being_tried() -> None:
    found = enforced(wrong := host(1, 0, fails=writing("fAllowFullControl")))

    assert states(found) == [ChangeState.FAILED, ChangeState.FAILED, ChangeState.MADE]
    assert found.changes[1].message == "It was not tried, as what has to come first failed. The host says dependency."
    assert wrong.values == host(1, 0, 1).values
    assert {control: finding.status for control, finding in by_control(found).items()} == {
        "A-1": Status.ERROR,
        "A-2": Status.ERROR,
        "A-3": Status.COMPLIANT,
    }


def test_a_write_that_failed_is_an_error_even_if_the_setting_reads_right_by_now() -> None:
    wrong = host(1, 1, 1)

    def fails(operation: dict[str, Any]) -> str | None:
        if operation["op"] == "registry.write":
            wrong.values[KEY.casefold(), "fallowfullcontrol"] = ("dword", 0)
            return "failed"
        return None

    wrong.fails = fails
    assert by_control(enforced(wrong))["A-1"].status is Status.ERROR


def test_without_a_snapshot_nothing_is_written() -> None:
    found = enforced(wrong := host(1, 0, fails=lambda operation: "failed" if operation["op"] == "file.write" else None))

    assert wrong.values == host(1, 0).values
    assert states(found) == [ChangeState.FAILED] * 3
    assert not found.changed and found.snapshot is None
    assert {finding.status for finding in found.findings} == {Status.ERROR}
    assert {change.message for change in found.changes} == {"It was not tried, as no snapshot could be left: The host says failed."}


def test_a_write_that_did_not_last_is_drift() -> None:
    class Forgetful(FakeHost):
        def _data(self, operation: dict[str, Any]) -> Json:
            return None if operation["op"] == "registry.write" else super()._data(operation)

    found = enforced(Forgetful(values=host(1, 1, 1).values))

    assert by_control(found)["A-1"].status is Status.DRIFT
    assert states(found) == [ChangeState.MADE]


def test_a_failed_re_read_is_doubt() -> None:
    wrong = host(1, 1, 1)
    wrong.fails = lambda operation: "timeout" if len(wrong.requests) == 2 and operation["op"] == "registry.read" else None
    found = enforced(wrong)

    assert by_control(found)["A-1"].status is Status.INDETERMINATE
    assert found.changed


def test_a_refused_change_is_told_and_not_sent() -> None:
    elsewhere = value("Anything", ON, "B-1", key=ELSEWHERE)
    found = enforced(wrong := host(0, 1, 0), LOGGING, elsewhere)
    reason = f"{ELSEWHERE} is not known to leave the connection alone, so it is not written."

    assert states(found) == [ChangeState.MADE, ChangeState.REFUSED]
    assert by_control(found)["B-1"].status is Status.DRIFT
    assert by_control(found)["B-1"].remedy.startswith(reason)
    assert not any(operation.get("key") == ELSEWHERE for operation in wrong.requests[1] if operation["op"] == "registry.write")
    alone = enforced(second := host(), elsewhere)
    assert len(second.requests) == 1 and not alone.changed and states(alone) == [ChangeState.REFUSED]


def test_what_is_waived_is_not_written() -> None:
    waived = context(Waiver("A-3", "CL01", "reason", "Anna", TODAY))
    found = enforced(wrong := host(0, 1, 0), within=waived)

    assert len(wrong.requests) == 1
    assert found.changes == () and by_control(found)["A-3"].status is Status.WAIVED


# ---------------------------------------------------------------- what makes it stop


HELPERS = RegistryAccounts("list", LIST, "helpers", ("CORP\\desk", "CORP\\nobody"))


@pytest.mark.parametrize("check", [True, False])
def test_an_account_that_does_not_resolve_stops_it_before_anything_is_written(check: bool) -> None:
    wrong = host(1, 0, accounts={"CORP\\desk": ("S-1-5-21-9-9-9-1200", "CORP\\Desk")})
    with pytest.raises(OptionError) as caught:
        enforced(wrong, *ALL, Requirement(HELPERS, ListWanted(), ("B-1",)), check=check)

    assert caught.value.sentences == (
        "helpers: 'CORP\\nobody' is no account that CL01 can resolve; give DOMAIN\\name, name@domain or a SID with a name.",
    )
    assert len(wrong.requests) == 1 and wrong.values == host(1, 0).values


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ({}, ContractError),
        ({"contract": 2}, ContractError),
        ({"contract": 1, "changed": False, "host": HOST, "answers": {}}, ContractError),
        ({"contract": 1, "changed": False, "host": HOST, "answers_gzip": "?"}, ContractError),
        ({"failed": True, "msg": "gone"}, HostError),
    ],
)
@pytest.mark.parametrize("execution", [1, 2])
def test_answers_that_cannot_be_read_stop_it(reply: Mapping[str, Json], error: type[Exception], execution: int) -> None:
    wrong = host(1, 0)
    announced: list[str] = []

    def execute(arguments: Mapping[str, Json]) -> Mapping[str, Json]:
        return wrong.execute(arguments) if len(wrong.requests) + 1 < execution else reply

    with pytest.raises(error):
        run([Demands("area", ALL)], execute, context(), check=False, run_id="run-1", announce=announced.append)
    # Whoever catches it knows whether something may have been written.
    assert announced == ([NAME] if execution == 2 else [])


def test_an_execution_that_fails_is_not_hidden() -> None:
    def execute(arguments: Mapping[str, Json]) -> Mapping[str, Json]:
        raise TimeoutError("no route")

    with pytest.raises(TimeoutError):
        run([Demands("area", ALL)], execute, context(), check=False, run_id="run-1")


# ---------------------------------------------------------------- triggers, restarts


START = write("MaxTicketExpiry", "started")


@pytest.mark.parametrize(("fails", "status"), [(False, Status.DRIFT), (True, Status.ERROR)])
def test_what_did_not_come_into_effect_is_an_error(fails: bool, status: Status) -> None:
    kind = writing("MaxTicketExpiry") if fails else lambda operation: None
    triggered = requirement("x", bad(difference("x")), triggers=(Fake("task", started=(START,)),))
    finding = by_control(enforced(host(fails=kind), triggered))["A-1"]

    assert finding.status is status
    assert finding.actual == ("what puts it into effect failed: The host says access_denied." if fails else "wrong")


def test_starting_something_is_no_change_by_itself() -> None:
    started = requirement("x", bad(replace(difference("x"), consequence=True)))
    checked, applied = enforced(host(), started, check=True), enforced(wrong := host(), started)

    assert not checked.changed and states(checked) == [ChangeState.PLANNED]
    assert not applied.changed and states(applied) == [ChangeState.MADE]
    assert len(wrong.requests) == 2


def feature(result: Sequence[Mapping[str, Json]]) -> Outcome:

    class Server(FakeHost):
        def execute(self, arguments: Mapping[str, Json]) -> Mapping[str, Json]:
            return {**super().execute(arguments), "host": {**HOST, "product_type": 3}}

        def _data(self, operation: dict[str, Any]) -> Json:
            if operation["op"] != "cmdlet.invoke":
                return super()._data(operation)
            return {"rows": [{"InstallState": "Available"}] if operation["name"].startswith("Get-") else list(result)}

    return enforced(Server(), Requirement(ServerFeature("Remote-Assistance"), True, ("A-1",)))


@pytest.mark.parametrize(
    ("rows", "required"),
    [
        ([{"RestartNeeded": "Yes"}], True),
        ([{"RestartNeeded": "Maybe"}], True),
        ([{"RestartNeeded": True}], True),
        ([{"RestartNeeded": "No"}], False),
        ([{"RestartNeeded": False}], False),
        ([{}], False),
        ([], False),
    ],
)
def test_whether_a_restart_is_needed(rows: list[dict[str, Json]], required: bool) -> None:
    assert feature(rows).reboot_required is required


def test_what_is_sent_is_json() -> None:
    enforced(wrong := host(1, 0))

    assert json.loads(json.dumps(wrong.requests)) == wrong.requests
