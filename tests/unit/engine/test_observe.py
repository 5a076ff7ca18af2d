# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Requirements -> reads; answers -> observations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.engine.observe import observe, reads_of, settings_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import ContractError, OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answer, Answers, Json
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands, Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.local_group import LocalGroup
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.policy_owner import PolicyOwner
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry import Place
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_accounts import RegistryAccounts
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.registry_value import LayeredValue, RegistryValue
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.scheduled_task import ScheduledTask
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.server_feature import ServerFeature
from ansible_collections.configmgr.hardening.tests.unit.engine.fakes import KEY, Fake, answers_of, good, read, requirement
from ansible_collections.configmgr.hardening.tests.unit.settings.answering import SERVER


def test_every_setting_that_plays_a_part_is_read_once() -> None:
    one = requirement("a", good(), authority=Fake("owner"), triggers=(Fake("task"),), affects=(Fake("group"),))
    two = requirement("b", good(), authority=Fake("owner"), affects=(Fake("a"),))

    assert [setting.key for setting in settings_of([one, two])] == ["fake:a", "fake:owner", "fake:task", "fake:group", "fake:b"]
    assert reads_of(settings_of([one, two, one])) == tuple(read(name) for name in ("a", "owner", "task", "group", "b"))


def test_observations_are_kept_by_setting() -> None:
    requirements = (requirement("a", good()), requirement("b", good()))
    observations = observe([Demands("area", requirements)], answers_of(requirements))

    assert {setting.key: observation.evidence for setting, observation in observations.items()} == {
        "fake:a": ("a was read",),
        "fake:b": ("b was read",),
    }


def test_options_that_the_host_shows_to_be_wrong_are_said_once_and_together() -> None:
    settings = (Fake("a", wrong_options=("one.", "two.")), Fake("b", wrong_options=("two.", "three.")))
    requirements = tuple(Requirement(setting, good(), ()) for setting in settings)
    with pytest.raises(OptionError) as caught:
        observe([Demands("area", requirements)], answers_of(requirements))
    assert caught.value.sentences == ("one.", "two.", "three.")


SETTINGS: list[Setting] = [
    RegistryValue(Place(KEY, "A")),
    LayeredValue("a", Place(KEY, "A")),
    RegistryAccounts("a", KEY, "helpers", ("x",)),
    LocalGroup("g", "helpers", name="G", accounts=("x",), maker=ScheduledTask("\\", "t")),
    PolicyOwner("p", KEY, ("A",), mdm_key=KEY),
    ScheduledTask("\\", "t"),
    ServerFeature("f"),
]
NAMES = [
    "rows",
    "values",
    "subkeys",
    "exists",
    "groups",
    "accounts",
    "files",
    "truncated",
    "x",
    "sid",
    "name",
    "members",
    "base64",
    "State",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.kind)
@given(data=st.data())
def test_data_of_another_form_is_the_hosts_fault_and_nothing_else(setting: Setting, data: st.DataObject) -> None:
    answers = Answers(SERVER, {each: Answer(data.draw(JSON)) for each in setting.reads()})
    try:
        observations = observe([Demands("area", (Requirement(setting, None, ()),))], answers)
    except ContractError as error:
        assert str(error).startswith(f"The host's answers for {setting.key} do not have the form of contract 1: ")  # noqa: PT017
    except OptionError:
        pass
    else:
        assert list(observations) == [setting]


@pytest.mark.parametrize(
    "data", [None, [], 5, {"exists": True}, {"exists": True, "values": {"A": 5}}, {"exists": True, "values": {"A": {}}}]
)
def test_a_registry_answer_of_another_form(data: Json) -> None:
    setting = RegistryValue(Place(KEY, "A"))
    answers = Answers(SERVER, {each: Answer(data) for each in setting.reads()})
    with pytest.raises(ContractError):
        observe([Demands("area", (Requirement(setting, None, ()),))], answers)
