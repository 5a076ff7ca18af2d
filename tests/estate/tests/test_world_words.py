# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an estate file may say, and the sentences about what it may not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from world_support import DOMAIN, client, make

from windows_estate.world import Estate, WordsError
from windows_estate.world.words.estate_file import read_estate


def complaint(words: dict[str, Any]) -> str:
    with pytest.raises(WordsError) as caught:
        Estate.load({"domain": DOMAIN, **words})
    return str(caught.value)


def test_five_lines_are_a_host(tmp_path: Path) -> None:
    file = tmp_path / "estate.yml"
    file.write_text("hosts:\n  CL01:\n    role: client\n    os: windows_10_22h2\n    language: de-DE\n")
    host = Estate.load(file).machines["CL01"].execute({"contract": 1, "operations": []})["host"]
    assert {name: host[name] for name in ("name", "build", "language", "product_type", "domain_role", "powershell")} == {
        "name": "CL01",
        "build": "10.0.19045.4170",
        "language": "de-DE",
        "product_type": 1,
        "domain_role": 1,
        "powershell": "5.1.19041.4170",
    }


@pytest.mark.parametrize(
    ("role", "product_type", "domain_role"),
    [("client", 1, 1), ("member_server", 3, 3), ("domain_controller", 2, 5), ("site_server", 3, 3), ("state_migration_point", 3, 3)],
)
def test_a_role_decides_what_windows_says_of_itself(role: str, product_type: int, domain_role: int) -> None:
    host = make({"H1": {"role": role}}).machines["H1"].execute({"contract": 1, "operations": []})["host"]
    assert (host["product_type"], host["domain_role"]) == (product_type, domain_role)


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"hosts": client(os="windows_12")},
        "host CL01: os cannot be 'windows_12'; allowed: windows_10_22h2, windows_11_24h2, server_2016, server_2019, ",
    ),
    (
        {"hosts": client(os="server_2022")},
        "host CL01: os cannot be server_2022 for the role client; allowed: windows_10_22h2, windows_11_24h2.",
    ),
    ({"hosts": client(langauge="de-DE")}, "host CL01: there is no field langauge; allowed: role, os, "),
    ({"hosts": client(langauge="de-DE")}, "Did you mean language?"),
    ({"hosts": {"CL01": {}}}, "host CL01: role is missing; allowed: client, member_server, "),
    (
        {"hosts": {"A_VERY_LONG_NAME_1": {"role": "client"}}},
        "host A_VERY_LONG_NAME_1: the name must be 1 to 15 letters, digits and hyphens.",
    ),
    ({"hosts": {"CL01": {"role": "client"}, "cl01": {"role": "client"}}}, "the name stands twice"),
    ({"hosts": client(rsop="sometimes")}, "host CL01: rsop cannot be 'sometimes'; allowed: on, off, stale."),
    ({"hosts": client(faults="explodes")}, "host CL01: faults cannot be 'explodes'; allowed: access_denied, "),
    ({"hosts": client(faults={"kind": "slow", "second": 2})}, "host CL01: faults: A fault has no second"),
    ({"hosts": client(features="Remote-Assistance")}, "host CL01: features are for servers"),
    (
        {"hosts": {"S1": {"role": "member_server", "features": "Remote"}}},
        "host S1: there is no feature 'Remote'; allowed: AD-Domain-Services, ",
    ),
    (
        {"hosts": client(local_groups={"Administrators": ["CORP\\nobody"]})},
        "local_groups, Administrators, has 'CORP\\\\nobody', which is no account",
    ),
    ({"hosts": client(local_groups={"CORP\\Helpdesk": []})}, "local_groups has CORP\\Helpdesk, which is an account but no local group"),
    ({"hosts": client(controller={"account": "CORP\\nobody"})}, "host CL01: controller has 'CORP\\\\nobody', which is no account"),
    (
        {"hosts": client(remote_assistance={"task": "gone"})},
        "host CL01, remote_assistance: task cannot be 'gone'; allowed: ready, disabled, absent.",
    ),
    (
        {"hosts": client(remote_assistance={"control_panel": {"ticket_life": "6 weeks"}})},
        "host CL01, remote_assistance, control_panel: ticket_life cannot be '6 weeks'; it looks like 6 hours: 1 to 99 minutes, hours",
    ),
    (
        {"hosts": client(remote_assistance={"policies": {"Configure Offer": "disabled"}})},
        "host CL01, remote_assistance: there is no policy 'Configure Offer'; allowed: Allow only Windows Vista or later connections, ",
    ),
    (
        {"hosts": client(local_policy={"policies": {"RA_Solicit": {"ticket_life": 100}}})},
        "host CL01, local_policy, Configure Solicited Remote Assistance: ticket_life must be a whole number from 1 to 99, not 100.",
    ),
    (
        {"hosts": client(local_policy={"policies": {"RA_Logging": "perhaps"}})},
        "Turn on session logging: state cannot be 'perhaps'; allowed: enabled, disabled, not_configured.",
    ),
    ({"hosts": client(registry=[{"key": "SOFTWARE\\X", "name": "A"}])}, "host CL01, registry: key cannot be"),
    (
        {"hosts": client(registry=[{"key": "HKLM\\SOFTWARE\\X", "name": "A", "type": "dword", "data": -1}])},
        "host CL01, registry, A: data of a dword cannot be -1; it is a whole number from 0 to 4294967295.",
    ),
    ({"hosts": client(), "group_policy": {"objects": [{"name": "G", "guid": "no"}]}}, "Group Policy object 'G': guid cannot be 'NO'"),
    (
        {"hosts": client(), "group_policy": {"objects": [{"name": "G", "applies_to": "CL02"}]}},
        "Group Policy object 'G': applies_to has 'CL02', which is neither a host nor a group; groups: all, clients, ",
    ),
    ({"hosts": client(), "configmgr": {"site_code": "LONG"}}, "the estate, configmgr: site_code cannot be 'LONG'"),
    (
        {"hosts": client(), "configmgr": {"client_settings": [{"name": "X", "remote_tools": {"remote_assistance": "some"}}]}},
        "client settings 'X', remote_tools: remote_assistance cannot be 'some'; allowed: none, view_only, full.",
    ),
    ({"hosts": client(configmgr_client=True)}, "host CL01: configmgr_client cannot be yes: the estate has no configmgr."),
    ({"hosts": {}}, "the estate: hosts is missing"),
    ({"hosts": client(), "domain": {"users": {"a": 1105, "b": 1105}}}, "the estate, domain: two accounts have the same RID."),
    (
        {"hosts": client(), "domain": {"groups": {"G": {"rid": 1200, "members": ["x"]}}}},
        "group G: members has 'x', which is no account of the domain.",
    ),
    ({"hosts": {"DC1": {"role": "domain_controller", "local_groups": {"Administrators": []}}}}, "a domain controller has no local groups"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[sentence[:60] for _, sentence in WRONG])
def test_what_is_wrong_is_said_with_place_and_what_is_allowed(words: dict[str, Any], sentence: str) -> None:
    assert sentence in complaint(words)


def test_a_name_that_stands_twice_in_the_yaml_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "estate.yml"
    file.write_text("hosts:\n  CL01: {role: client}\n  CL01: {role: client}\n")
    with pytest.raises(WordsError, match="Line 3: CL01 stands here a second time"):
        read_estate(file)


def test_what_is_no_yaml_says_so(tmp_path: Path) -> None:
    file = tmp_path / "estate.yml"
    file.write_text("hosts: [")
    with pytest.raises(WordsError, match=r"estate\.yml is no YAML"):
        read_estate(file)


def test_words_of_yaml_that_are_booleans_are_understood(tmp_path: Path) -> None:
    file = tmp_path / "estate.yml"
    file.write_text("hosts:\n  CL01: {role: client, rsop: off, remote_assistance: {task: off}}\n".replace("task: off", "task: disabled"))
    assert read_estate(file).hosts[0].rsop == "off"


def test_the_same_words_give_the_same_machine() -> None:
    words = client(remote_assistance={"helpers_group": ["CORP\\Helpdesk"]}, local_users=["kiosk"])
    assert make(words).fingerprints() == make(words).fingerprints()


README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_readmes_file_can_be_loaded() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    words = yaml.safe_load(next(block for block in blocks if block.startswith("domain:")))
    words["hosts"] = {"CL01": {"role": "client"}, "CL03": {"role": "client"}, "CM01": {"role": "site_server"}}
    estate = Estate.load(words)
    assert [gpo.name for gpo in estate.gpos] == ["Workstations"]


def test_every_field_and_every_fault_of_the_readme_exists() -> None:
    table = README.partition("### Fields of a host")[2].partition("An account is")[0]
    fields = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    allowed = complaint({"hosts": client(nonsense=1)}).partition("allowed: ")[2].rstrip(".").split(", ")
    assert sorted(fields) == sorted(allowed)
    faults = re.findall(r"`(\w+)`", README.partition("\n`faults`: ")[2].partition("One with details")[0])
    known = complaint({"hosts": client(faults="nonsense")}).partition("allowed: ")[2].rstrip(".").split(", ")
    assert sorted(faults) == sorted(known)
    make(client(faults=faults))
