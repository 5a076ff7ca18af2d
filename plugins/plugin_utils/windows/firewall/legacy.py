# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""XP-style exceptions: the lists of ports and programs, and rules that Windows made of them."""

from __future__ import annotations

from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.fields import TCP, UDP
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.matching import asked_port
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.paths import Paths
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.rule import Rule
from ansible_collections.configmgr.hardening.plugins.plugin_utils.windows.firewall.state import LegacyLists, Query

PORTS_MERGE = "GloballyOpenPortsAllowUserPrefMerge"
APPLICATIONS_MERGE = "AuthorizedApplicationsAllowUserPrefMerge"
_PROTOCOLS = {"TCP": TCP, "UDP": UDP}


def list_names(lists: LegacyLists, query: Query, paths: Paths, *, ports: bool = True, applications: bool = True) -> bool:
    """Whether a list may admit what is asked. Whether Windows still follows these lists is not told by any specification."""
    if query.protocol not in (TCP, UDP):
        return False
    if ports and any(_names_port(entry, query) for entry in lists.open_ports):
        return True
    return applications and any(query.program is None or paths.same(entry, query.program) is not False for entry in lists.applications)


def _names_port(entry: str, query: Query) -> bool:
    port = asked_port(query)
    if port is None:
        # Any of a list's ports may turn out to be it.
        return True
    number, _, protocol = entry.partition(":")
    return number.strip() == str(port) and _PROTOCOLS.get(protocol.strip().upper()) == query.protocol


def merge_option(rule: Rule) -> str | None:
    """The option that takes a local rule out of force because it is what was a globally open port or an authorised application.

    MS-FASP 2.2.38; which rules are meant is read from what such a list could say: one port, or one program and nothing else.
    """
    if rule.service is not None or rule.package_sid is not None or rule.package_family is not None:
        return None
    if rule.application is not None:
        return APPLICATIONS_MERGE if rule.local_ports.is_any else None
    if rule.protocol not in (TCP, UDP) or rule.local_ports.keywords or len(rule.local_ports.ranges) != 1:
        return None
    first, last = rule.local_ports.ranges[0]
    return PORTS_MERGE if first == last else None
