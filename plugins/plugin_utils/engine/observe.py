# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Requirements -> the reads that they need; answers -> observations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.errors import ContractError, OptionError
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import CONTRACT, Answers, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.requirement import Demands, Requirement
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Setting

Observations = Mapping[Setting, Observation]


def settings_of(requirements: Iterable[Requirement]) -> tuple[Setting, ...]:
    """Every setting that is judged, asked who decides, or started; each once."""
    found: dict[Setting, None] = {}
    for requirement in requirements:
        authority = (requirement.authority,) if requirement.authority else ()
        for setting in (requirement.setting, *authority, *requirement.triggers, *requirement.affects):
            found[setting] = None
    return tuple(found)


def reads_of(settings: Iterable[Setting]) -> tuple[Operation, ...]:
    """The reads of some settings; equal ones once."""
    return tuple(dict.fromkeys(read for setting in settings for read in setting.reads()))


def observe(demands: Iterable[Demands], answers: Answers) -> Observations:
    """All observations. An option that the host shows to be wrong is an OptionError, before anything is judged."""
    requirements = [requirement for demand in demands for requirement in demand.requirements]
    observations = {setting: interpreted(setting, answers) for setting in settings_of(requirements)}
    wrong = dict.fromkeys(sentence for observation in observations.values() for sentence in observation.wrong_options)
    if wrong:
        raise OptionError(tuple(wrong))
    return observations


def interpreted(setting: Setting, answers: Answers) -> Observation:
    """What the answers say of a setting; data that is not of the contract's form is a ContractError."""
    try:
        return setting.interpret(answers)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise ContractError(
            f"The host's answers for {setting.key} do not have the form of contract {CONTRACT}: {type(error).__name__} {error}."
        ) from error
