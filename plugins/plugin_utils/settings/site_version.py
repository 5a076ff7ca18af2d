# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a site is of a version that does what its settings say, or has the update without which it does not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.site_place import (
    SECONDARY,
    Located,
    Site,
    SiteQuery,
    second_hop,
)

_VERSION = re.compile(r"5\.0*0\.([0-9]{4,5})\.[0-9]+\Z")
_INSTALLED = 196612
"""SMS_CM_UpdatePackages.State: INSTALL_SUCCESS."""
_RECOVERED = 1
"""SMS_Site.SecondarySiteCMUpdateStatus: a secondary site has the updates of its primary site."""
_SECONDARY_UNPROVEN = "that SecondarySiteCMUpdateStatus = 1 means that the secondary site has the update is unproven on a real site"


@dataclass(frozen=True)
class Update:
    """An update that sites of some builds need. C(first) and C(last): the builds it was made for, and their names."""

    number: str
    what: str
    first: tuple[int, str]
    last: tuple[int, str]


@dataclass(frozen=True)
class ReadVersion:
    """C(state): that of the update, None where it is not listed. C(packages): why the updates could not be read."""

    located: Located
    build: int | None
    state: int | None
    packages: Problem | None


@dataclass(frozen=True)
class SiteUpdate(Setting):
    """Only judged: nobody installs an update of a site in passing. Wanted: None."""

    kind: ClassVar[str] = "site_update"
    site: Site
    update: Update

    @property
    def key(self) -> str:
        return f"site_update:{self.site.code or ''}|{self.update.number}".casefold()

    @property
    def _packages(self) -> SiteQuery:
        return SiteQuery(self.site, "SMS_CM_UpdatePackages", properties=("Name", "State"), of_site=False)

    def reads(self) -> tuple[Operation, ...]:
        return (*self.site.reads(), *self._packages.operations())

    def interpret(self, answers: Answers) -> Observation:
        located = self.site.locate(answers)
        if isinstance(located, Observation):
            return located
        if located.version is None:
            said = f"The version of the site {located.code} is not shown: there is no Read right on SMS_Site. {second_hop(answers.host)}"
            return Observation(problem=Problem(Code.NO_ROWS, said))
        match = _VERSION.match(located.version)
        packages = self._packages.rows(answers, located, "the updates")
        problem = packages if isinstance(packages, Problem) else None if packages else self._none_shown(located, answers)
        states = [row.get("State") for row in (() if isinstance(packages, Problem) else packages) if self._is_it(row.get("Name"))]
        # Each attempt may leave a row of its own.
        state = _INSTALLED if _INSTALLED in states else next(iter(states), None)
        read = ReadVersion(located, int(match[1]) if match else None, state, problem)
        evidence = [f"site {located.code}: version {located.version}"]
        if self._affected(read):
            evidence.append(f"update {self.update.number}: {'not listed' if not states else f'state {state}'}")
        return Observation(read, tuple(evidence))

    def _none_shown(self, located: Located, answers: Answers) -> Problem:
        """A site that was ever updated lists updates, so no row at all may be all that may be seen."""
        said = f"no update at all is shown of the site {located.code}: it has none, or there is no Read right on them."
        return Problem(Code.NO_ROWS, f"{said} {second_hop(answers.host)}")

    def _is_it(self, name: Json) -> bool:
        return self.update.number.removeprefix("KB") in str(name or "")

    def _affected(self, read: ReadVersion) -> bool:
        return read.build is not None and self.update.first[0] <= read.build <= self.update.last[0]

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        read: ReadVersion = observation.value
        update = self.update
        expected = f"the site {update.what}"
        version = f"version {read.located.version}"
        if read.build is None:
            said = f"the site says that it is of {version}, which is none"
            return Assessment(Status.INDETERMINATE, expected, said, code=Code.MALFORMED_VALUE)
        if read.build > update.last[0]:
            return Assessment(Status.COMPLIANT, expected, f"{version} {update.what}")
        if read.build < update.first[0]:
            said = f"{version} is older than {update.first[1]}, and what such a version does is not documented"
            return Assessment(
                Status.INDETERMINATE, expected, said, code=Code.UNDOCUMENTED_VALUE, remedy="Update the site to a supported version."
            )
        remedy = f"Install the update {update.number}, or update the site beyond {update.last[1]}; no setting makes up for it."
        without = f"{version} does so only with the update {update.number}"
        if read.packages:
            said = f"{without}, and {read.packages.message}"
            return Assessment(Status.INDETERMINATE, expected, said, code=read.packages.code, remedy=remedy)
        if read.state != _INSTALLED:
            said = "is not installed" if read.state is None else f"is in the state {read.state}"
            return Assessment(Status.DRIFT, expected, f"{without}, which {said}", remedy=remedy)
        if read.located.type == SECONDARY and read.located.update_status != _RECOVERED:
            remedy = "Choose Recover Secondary Site in the console: the update of the primary site does not reach it by itself."
            return Assessment(Status.DRIFT, expected, f"{without}, which this secondary site does not have", remedy=remedy)
        caveat = f"the update is told by the number {update.number} in its name, which is unproven on a real site"
        caveats = (caveat, _SECONDARY_UNPROVEN) if read.located.type == SECONDARY else (caveat,)
        return Assessment(Status.COMPLIANT, expected, f"{version} with the update {update.number}", caveats=caveats)
