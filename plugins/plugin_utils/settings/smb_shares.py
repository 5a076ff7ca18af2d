# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shares of a state migration point: the stores that are in use are encrypted where that is declared, and former ones are gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.change import Difference
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Answers, Json, Operation
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.setting import Assessment, Setting
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code, Status
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.cmdlets import cmdlet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.network_interfaces import rows_of
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.smb_server import (
    ENCRYPTION,
    MODULE,
    NAMESPACE,
    SERVER_READS,
    read_server,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.state_store_reading import Reading, Share
from ansible_collections.configmgr.hardening.plugins.plugin_utils.settings.volumes import VOLUME_READS, read_volumes
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.storage_folder import place, within

_SHARES = rows_of(NAMESPACE, "MSFT_SmbShare", ("Name", "Path", "Special", "EncryptData"))
# How the product is said to name shares of stores; nothing is done because of a name.
_LIKE_A_STORE = "SMPSTORE"
_GONE_FOR_GOOD = "its files stay, and no rollback brings the share and its permissions back"
_FORCE: Mapping[str, Json] = {"switch": True}


@dataclass(frozen=True)
class ReadShare:
    """C(encrypted): None where Windows does not say."""

    share: Share
    encrypted: bool | None


def read_shares(answers: Answers) -> tuple[ReadShare, ...] | Problem:
    """All shares of the host."""
    answer = answers[_SHARES]
    if answer.failure:
        return Problem.from_failure(answer.failure, "The host's shares")
    return tuple(
        ReadShare(Share(str(row["Name"]), str(row.get("Path") or ""), bool(row.get("Special"))), row.get("EncryptData"))
        for row in answer.data["rows"]
    )


# -- encryption --------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StoreEncryption(Setting):
    """Whether every share in some folders is encrypted, by itself or as the server encrypts all. Wanted: None."""

    kind: ClassVar[str] = "smb_store_encryption"
    folders: tuple[str, ...]

    @property
    def key(self) -> str:
        return "smb_store_encryption"

    def reads(self) -> tuple[Operation, ...]:
        return (*SERVER_READS, _SHARES)

    def interpret(self, answers: Answers) -> Observation:
        server, shares = read_server(answers), read_shares(answers)
        for problem in (server, shares):
            if isinstance(problem, Problem):
                return Observation(problem=problem)
        assert not isinstance(server, Problem) and not isinstance(shares, Problem)  # noqa: S101, PT018 for the type checker
        own = tuple(one for one in shares if _in_any(one.share, self.folders))
        evidence = tuple(f"share {one.share.name} ({one.share.path}): EncryptData = {str(one.encrypted).lower()}" for one in own)
        whole = server.values.get(ENCRYPTION, False)
        caveats: tuple[str, ...] = ()
        if server.values.get("RejectUnencryptedAccess") is False:
            caveats = ("clients that cannot encrypt are let in all the same (RejectUnencryptedAccess is false)",)
        return Observation((whole, own), (f"SMB server: EncryptData = {str(whole).lower()}", *evidence), caveats=caveats)

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        whole, shares = observation.value
        expected = "encryption of SMB: on for the shares of the folders"
        if whole:
            return Assessment(Status.COMPLIANT, expected, "the server encrypts all shares")
        if not shares:
            said = f"no share is in {', '.join(self.folders) or 'any folder, as folders names none'}"
            return Assessment(Status.INDETERMINATE, expected, said, code=Code.NOT_LOOKED_INTO, remedy="Name the folders in folders.")
        plain = [one for one in shares if one.encrypted is not True]
        if not plain:
            return Assessment(Status.COMPLIANT, expected, f"{', '.join(one.share.name for one in shares)}: on")
        differences = tuple(_encryption(one.share.name, before=bool(one.encrypted), after=True) for one in plain)
        return Assessment(Status.DRIFT, expected, f"{', '.join(one.share.name for one in plain)}: off", differences)


def _encryption(name: str, *, before: bool, after: bool) -> Difference:
    return Difference(
        key=f"smb_share_encryption:{name}".casefold(),
        label=f"encryption of the SMB share {name}",
        before="on" if before else "off",
        after="on" if after else "off",
        writes=(cmdlet(MODULE, "Set-SmbShare", {"Name": name, "EncryptData": after, "Force": _FORCE}, mutates=True),),
        restore=({"kind": ShareEncryption.kind, "share": name, "before": before},),
    )


@dataclass(frozen=True)
class ShareEncryption(Setting):
    """Encryption of one share, for a rollback. Wanted: whether it is on."""

    kind: ClassVar[str] = "smb_share_encryption"
    share: str

    @property
    def key(self) -> str:
        return f"smb_share_encryption:{self.share}".casefold()

    def reads(self) -> tuple[Operation, ...]:
        return (_SHARES,)

    def interpret(self, answers: Answers) -> Observation:
        shares = read_shares(answers)
        if isinstance(shares, Problem):
            return Observation(problem=shares)
        return Observation(next((one for one in shares if one.share.name.casefold() == self.share.casefold()), None))

    def assess(self, observation: Observation, wanted: bool) -> Assessment:
        found: ReadShare | None = observation.value
        expected = f"encryption of the share {self.share}: {'on' if wanted else 'off'}"
        if found is None:
            return Assessment(Status.COMPLIANT, expected, "there is no such share any more")
        before = bool(found.encrypted)
        if before == wanted:
            return Assessment(Status.COMPLIANT, expected, "as it was")
        difference = _encryption(found.share.name, before=before, after=wanted)
        return Assessment(Status.DRIFT, expected, f"{'on' if before else 'off'}", (difference,))


# -- former stores -----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReadStanding:
    """C(folders): which of the former folders are still there; C(reading): what the site's play is told."""

    shares: tuple[ReadShare, ...]
    folders: tuple[str, ...]
    reading: Reading


@dataclass(frozen=True)
class FormerStores(Setting):
    """Shares in folders that were stores once and are not any more, and those folders. Wanted: None.

    C(folders) are in use, C(former) are not. C(remove): shares may be removed, unless C(unreleased) names them as holding user state that
    was not released; None: nobody has told, so none goes. Files are never removed.
    """

    kind: ClassVar[str] = "smb_former_stores"
    folders: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    remove: bool = False
    unreleased: tuple[str, ...] | None = None

    @property
    def key(self) -> str:
        return "smb_former_stores"

    def _folder(self, path: str) -> Operation:
        escaped = path.rstrip("\\").replace("\\", "\\\\").replace("'", "\\'").replace("${", "$${")
        return rows_of("root\\cimv2", "Win32_Directory", ("Name",), f"Name = '{escaped}'")

    def reads(self) -> tuple[Operation, ...]:
        return (_SHARES, *VOLUME_READS, *map(self._folder, self.former))

    def interpret(self, answers: Answers) -> Observation:
        shares, volumes = read_shares(answers), read_volumes(answers)
        told = None if isinstance(shares, Problem) else tuple(one.share for one in shares)
        host = answers.host
        reading = Reading(host.name, host.time, None if isinstance(volumes, Problem) else volumes, told)
        looked = {path: answers[self._folder(path)] for path in self.former}
        left = tuple(path for path, answer in looked.items() if answer.ok and answer.data["rows"] and not self._in_use(path))
        unseen = tuple(f"whether the folder {path} is still there could not be told" for path, answer in looked.items() if answer.failure)
        standing = ReadStanding(() if isinstance(shares, Problem) else shares, left, reading)
        evidence = tuple(f"share {one.share.name}: {one.share.path}" for one in standing.shares if not one.share.special)
        problem = shares if isinstance(shares, Problem) else None
        return Observation(standing, evidence, problem=problem, caveats=unseen)

    def assess(self, observation: Observation, wanted: None) -> Assessment:  # noqa: ARG002 every kind takes one
        standing: ReadStanding = observation.value
        expected = "neither share nor folder is left of a former store"
        orphans = [one.share for one in standing.shares if self._is_orphan(one.share)]
        trouble = []
        differences = []
        for share in orphans:
            why = self._stays(share)
            trouble.append(f"the share {share.name} ({share.path}) of a former store is still there{f' and stays: {why}' if why else ''}")
            if why is None:
                differences.append(self._removal(share))
        trouble += [f"the folder {path} of a former store is still there" for path in standing.folders]
        caveats = self._caveats(standing, orphans)
        if trouble:
            return Assessment(Status.DRIFT, expected, "; ".join(trouble), tuple(differences), caveats=caveats)
        return Assessment(Status.COMPLIANT, expected, "nothing is", caveats=caveats)

    def _is_orphan(self, share: Share) -> bool:
        return _in_any(share, self.former) and not self._in_use(share.path)

    def _in_use(self, path: str) -> bool:
        """Whether a folder in use lies in it, or it in one."""
        return any(within(folder, path) or within(path, folder) for folder in self.folders)

    def _stays(self, share: Share) -> str | None:
        if not self.remove:
            return "orphaned_shares is not remove"
        if self.unreleased is None:
            return "whether user state in it was not released is known only with the readings of the site's play"
        if share.name.casefold() in {name.casefold() for name in self.unreleased}:
            return "user state in it was not released"
        return None

    def _removal(self, share: Share) -> Difference:
        return Difference(
            key=f"smb_share:{share.name}".casefold(),
            label="shares of former stores",
            before="present",
            after="absent",
            item=share.name,
            note=f"{share.path}; {_GONE_FOR_GOOD}",
            writes=(cmdlet(MODULE, "Remove-SmbShare", {"Name": share.name, "Force": _FORCE}, mutates=True),),
        )

    def _caveats(self, standing: ReadStanding, orphans: list[Share]) -> tuple[str, ...]:
        named = [
            one.share
            for one in standing.shares
            if one.share.name.upper().startswith(_LIKE_A_STORE) and one.share not in orphans and not _in_any(one.share, self.folders)
        ]
        odd = tuple(f"the share {one.name} ({one.path}) is named like one of a store, and is in none of the folders" for one in named)
        return odd if self.former else (*odd, "which folders were stores once is not declared, so none can be missed")

    def reading(self, observation: Observation) -> Mapping[str, Json]:
        if observation.value is None:
            return {}
        standing: ReadStanding = observation.value
        return standing.reading.to_data()


def _in_any(share: Share, folders: tuple[str, ...]) -> bool:
    return bool(place(share.path)) and not share.special and any(within(share.path, folder) for folder in folders)
