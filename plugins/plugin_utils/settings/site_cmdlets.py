# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which of Configuration Manager's cmdlets a host has, with which parameters, and what is sent to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation, literal
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.cmdlets import cmdlet, describe_cmdlets
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import Located

MODULE = "ConfigurationManager"
READ_CMDLETS = describe_cmdlets(MODULE)


@dataclass(frozen=True)
class Argument:
    """A parameter by all the names that modules give it, and what it takes for each value; without C(given) the value itself."""

    names: tuple[str, ...]
    given: tuple[tuple[Json, Json], ...] = ()

    def of(self, value: Json) -> Json:
        """What it takes for a value; a value that no parameter can express is a KeyError."""
        return dict(self.given)[value] if self.given else value


@dataclass(frozen=True)
class CmdletWrite:
    """How a cmdlet sets a value: all C(arguments) are given, and the C(constants) as they are."""

    name: str
    arguments: tuple[Argument, ...]
    constants: tuple[tuple[str, Json], ...] = ()


@dataclass(frozen=True)
class Cmdlets:
    """What the host has: parameters by cmdlet, all in small letters with the host's spelling. C(trouble): why there are none."""

    parameters: tuple[tuple[str, tuple[str, ...]], ...]
    trouble: str | None = None

    def spelled(self, name: str, wanted: tuple[str, ...]) -> str | None:
        """The first of some names that a cmdlet of this host has for a parameter."""
        known = {one.casefold() for one in dict(self.parameters).get(name, ())}
        return next((one for one in wanted if one.casefold() in known), None)

    def has(self, name: str, *parameters: str) -> bool:
        return all(self.spelled(name, (parameter,)) for parameter in parameters)

    def missing(self, name: str) -> str:
        """Why a cmdlet cannot be used, as the part of a sentence."""
        return self.trouble or f"{name} is not what is documented there"

    def write(self, located: Located, what: CmdletWrite, value: Json) -> Operation | None:
        """The operation that sets a value; None where this host's cmdlet cannot."""
        parameters: dict[str, Json] = dict(what.constants)
        for argument in what.arguments:
            spelled = self.spelled(what.name, argument.names)
            try:
                given = argument.of(value)
            except KeyError:
                return None
            if spelled is None:
                return None
            parameters[spelled] = literal(given)
        return self.call(located, what.name, parameters)

    def call(self, located: Located, name: str, parameters: Mapping[str, Json]) -> Operation | None:
        """A call for the site; None where this host has no such cmdlet, or not with these parameters."""
        if not self.has(name, *parameters, "SiteCode"):
            return None
        return cmdlet(MODULE, name, {**parameters, "SiteCode": located.code}, mutates=True, site=located.drive)


def read_cmdlets(answers: Answers) -> Cmdlets:
    """What READ_CMDLETS found. That it failed is no reason not to judge: only who has to write needs a cmdlet."""
    answer = answers[READ_CMDLETS]
    if answer.failure:
        return Cmdlets((), f"the console's cmdlets cannot be looked at ({answer.failure.message})")
    found = tuple((name, tuple(command["parameters"])) for name, command in answer.data["commands"].items() if command is not None)
    if not found:
        return Cmdlets((), f"the Configuration Manager console, which brings the module {MODULE}, is not installed on {answers.host.name}")
    return Cmdlets(found)
