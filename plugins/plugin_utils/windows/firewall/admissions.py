# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Admissions put together: by a switch, from the answers for each family, and less what is not known of the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.addresses import AddressSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.places import Place
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.resolution import EVERYBODY
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import Admission, Doubt, Enforcement, RuleKey, Void
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.symbolic import SymbolicSet
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.tiers import Answer

_NOBODY = AddressSet()


def by_switch(
    place: Place,
    enforcement: Enforcement,
    *,
    admitted: AddressSet = _NOBODY,
    unknown: AddressSet = _NOBODY,
    doubts: frozenset[Doubt] = frozenset(),
    voided: Mapping[RuleKey, Void] | None = None,
) -> Admission:
    """One answer for all peers, whatever the rules say."""
    return Admission(
        interface=place.name,
        profile=place.profile,
        local_address=None,
        admitted=admitted,
        unknown=unknown,
        admitted_authenticated=admitted,
        unknown_authenticated=unknown,
        by={},
        blocked_by=frozenset(),
        voided=voided or {},
        enforcement=enforcement,
        doubts=doubts,
    )


def by_rules(
    place: Place, local_address: str | None, answers: Mapping[int, Answer], voided: Mapping[RuleKey, Void], notes: frozenset[Doubt]
) -> Admission:
    """What the rules say of these families; C(notes) are doubts that stand beside a clear answer."""
    admitted = _both({family: answer.admitted for family, answer in answers.items()})
    authenticated = _both({family: answer.admitted_authenticated for family, answer in answers.items()})
    doubts = notes.union(*(answer.doubts for answer in answers.values()))
    if admitted != authenticated:
        doubts |= {Doubt.AUTHENTICATED_ONLY}
    by = dict.fromkeys(key for answer in answers.values() for key in answer.by)
    doubtful: dict[RuleKey, frozenset[Doubt]] = {}
    for answer in answers.values():
        for key, codes in answer.doubtful.items():
            doubtful[key] = doubtful.get(key, frozenset()) | codes
    return Admission(
        interface=place.name,
        profile=place.profile,
        local_address=local_address,
        admitted=admitted,
        unknown=_both({family: answer.unknown for family, answer in answers.items()}),
        admitted_authenticated=authenticated,
        unknown_authenticated=_both({family: answer.unknown_authenticated for family, answer in answers.items()}),
        by={key: _both({family: answer.by[key] for family, answer in answers.items() if key in answer.by}) for key in by},
        blocked_by=frozenset(key for answer in answers.values() for key in answer.blocked_by),
        voided=voided,
        enforcement=Enforcement.FULL,
        doubts=doubts,
        scope=_both({family: EVERYBODY[family] for family in answers}),
        doubtful=doubtful,
    )


def perhaps_open(answer: Admission, doubt: Doubt) -> Admission:
    """That answer, or everybody gets in."""
    rest = answer.scope.difference(answer.admitted)
    rest_authenticated = answer.scope.difference(answer.admitted_authenticated)
    if rest.is_empty and rest_authenticated.is_empty:
        return answer
    return replace(answer, unknown=rest, unknown_authenticated=rest_authenticated, doubts=answer.doubts | {doubt})


def perhaps_otherwise(answer: Admission, doubt: Doubt) -> Admission:
    """That answer, or anything else."""
    return replace(
        answer,
        admitted=_NOBODY,
        unknown=answer.scope,
        admitted_authenticated=_NOBODY,
        unknown_authenticated=answer.scope,
        doubts=answer.doubts | {doubt},
    )


def _both(sets: Mapping[int, SymbolicSet]) -> AddressSet:
    return AddressSet(sets.get(4, _NOBODY.v4), sets.get(6, _NOBODY.v6))
