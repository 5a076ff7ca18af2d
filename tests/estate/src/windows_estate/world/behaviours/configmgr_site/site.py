# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The site itself: one object that every provider and console shows, with changes that take time, and what undoes them.

Whoever changes something hands in a change; it takes effect after `apply_seconds` of the clock of whoever looks. A change of site control
is written to `audit` when it is handed in, with who did it and how.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import itertools
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from windows_estate.machine import NameDict, fold
from windows_estate.world.behaviours.configmgr_site import items, osd_items, schema
from windows_estate.world.behaviours.configmgr_site.items import Row
from windows_estate.world.behaviours.configmgr_site.options import COMPUTER_TYPES, Revert, SiteOptions
from windows_estate.world.behaviours.configmgr_site.osd import Osd
from windows_estate.world.behaviours.configmgr_site.osd_options import DistributionPoint, StateMigrationPoint
from windows_estate.world.behaviours.configmgr_site.releases import DOWNLOADED, INSTALLED

COMPONENT_MANAGER: Final = "SMS_SITE_COMPONENT_MANAGER"
OTHER_ADMINISTRATOR: Final = "CORP\\other.admin"
_USED_FOR_PUSH: Final = items.CLIENT_CONFIG
_POINTS: Final = (osd_items.DISTRIBUTION_POINT, osd_items.MIGRATION_POINT)
"""Roles whose first site system counts where a component is named."""

Change = Callable[[], None]


@dataclass(frozen=True)
class Audited:
    """Somebody changed something. `how`: cmdlet, wmi, console, or component."""

    when: str
    who: str
    how: str
    what: str


@dataclass
class _Waiting:
    number: int
    due: datetime | None
    reads: int | None
    change: Change
    watched: bool
    looks_at: str = schema.COMPONENT
    audited: Audited | None = None


@dataclass
class _Stored:
    """An account of the store; the blob stands for the encrypted password."""

    name: str
    site_code: str
    blob: str
    usage: list[str] = field(default_factory=list)


class Site:
    """A primary site with its secondary sites."""

    def __init__(self, options: SiteOptions | None = None) -> None:
        self.options = options or SiteOptions()
        self.audit: list[Audited] = []
        self.down = False
        """The provider does not answer: its database is away."""
        self.own_machines: set[str] = set()
        """Names of the machines, folded, whose SYSTEM belongs to the site: the site server and those with a provider."""
        self._lock = threading.RLock()
        self._waiting: list[_Waiting] = []
        self._numbers = itertools.count()
        self._reverts: dict[Revert, int] = {revert: revert.times for revert in self.options.reverts}
        self._rows = self._first_rows()
        self._store = self._first_store()
        self.osd = Osd(self, self.options.osd)

    @property
    def code(self) -> str:
        return self.options.code

    @property
    def codes(self) -> tuple[str, ...]:
        """Its own site code, and those of the secondary sites below it."""
        return (self.code, *(secondary.code for secondary in self.options.secondaries))

    # What others see.

    def settle(self, now: datetime) -> None:
        """Let happen what is due."""
        with self._lock:
            while True:
                due = [one for one in self._waiting if one.due is not None and one.due <= now]
                if not due:
                    return
                first = min(due, key=lambda one: (one.due or now, one.number))
                self._waiting.remove(first)
                self._carry_out(first, first.due or now)

    def was_read(self, now: datetime, class_name: str = schema.COMPONENT) -> None:
        """Somebody is about to look at a class: what waits for so many looks comes closer."""
        with self._lock:
            for one in list(self._waiting):
                if one.reads is None or one.looks_at != class_name:
                    continue
                if one.reads <= 0:
                    self._waiting.remove(one)
                    self._carry_out(one, now)
                else:
                    one.reads -= 1

    def rows(self, class_name: str, now: datetime) -> list[Row]:
        """Copies of a class's rows as they are now."""
        with self._lock:
            self.settle(now)
            self.was_read(now, class_name)
            return copy.deepcopy(self._computed(class_name))

    def row(self, class_name: str, now: datetime, **where: str) -> Row | None:
        """The one row of a class in which these properties have these texts, case ignored."""
        return _first(self.rows(class_name, now), where)

    def fingerprint(self, now: datetime) -> str:
        """Equal for sites that are configured alike."""
        with self._lock:
            self.settle(now)
            store = sorted((one.site_code, fold(one.name), one.blob) for one in self._store)
            data = {"rows": self._rows, "store": store, "osd": self.osd.configuration()}
            text = json.dumps(data, sort_keys=True, ensure_ascii=False)
            return hashlib.sha256(text.encode()).hexdigest()

    def component_property(self, component: str, name: str, site_code: str | None = None) -> Row | None:
        """A property as it is in effect; no time passes."""
        with self._lock:
            return copy.deepcopy(_named(self._component(component, site_code)["Props"], "PropertyName", name))

    def component_properties(self, component: str, site_code: str | None = None) -> list[Row]:
        """All properties of a component as they are in effect."""
        with self._lock:
            found: list[Row] = copy.deepcopy(self._component(component, site_code)["Props"])
            return found

    def component_list(self, component: str, name: str, site_code: str | None = None) -> list[str] | None:
        with self._lock:
            found = _named(self._component(component, site_code)["PropLists"], "PropertyListName", name)
            return None if found is None else list(found.get("Values") or ())

    def push_accounts(self, site_code: str | None = None) -> list[str]:
        return self.component_list(items.CLIENT_CONFIG, items.PUSH_ACCOUNTS, site_code) or []

    def stored_accounts(self) -> list[str]:
        with self._lock:
            return [one.name for one in self._store]

    def is_stored(self, account: str) -> bool:
        return any(fold(name) == fold(account) for name in self.stored_accounts())

    def usage(self, account: str) -> list[str]:
        """What an account of the store is used for."""
        with self._lock:
            found = [usage for one in self._store if fold(one.name) == fold(account) for usage in one.usage]
            if any(fold(name) == fold(account) for name in self.osd.network_access_accounts()):
                found.append(items.SOFTWARE_DISTRIBUTION)
            pushes = [name for code in self.codes for name in self.push_accounts(code)]
            if any(fold(name) == fold(account) for name in pushes):
                found.append(_USED_FOR_PUSH)
            return list(dict.fromkeys(found))

    # How others change it.

    def submit(self, now: datetime, who: str, how: str, what: str, change: Change) -> None:
        """Hand in a change; it can be seen after the site's delay."""
        with self._lock:
            audited = Audited(now.isoformat(), who, how, what)
            self.audit.append(audited)
            self._wait(now + timedelta(seconds=self.options.apply_seconds), None, change, watched=True, audited=audited)

    def later(self, change: Change, *, at: datetime | None = None, reads: int | None = None, of: str = schema.COMPONENT) -> None:
        """Let something happen at a time, or before a class is looked at for the so-many-and-first time: the components, or `of`."""
        with self._lock:
            self._wait(at, reads, change, watched=False, looks_at=of)

    # Changes, to be called at once by whoever plays another administrator, or handed in as parts of a change.

    def set_property(
        self,
        component: str,
        name: str,
        *,
        value: int | None = None,
        text: str | None = None,
        raw: Mapping[str, Any] | None = None,
        site_code: str | None = None,
    ) -> None:
        """Set a property's number, its text (where texts of this property are kept), or its raw fields; make it when it is absent."""
        with self._lock:
            props: list[Row] = self._component(component, site_code)["Props"]
            element = _named(props, "PropertyName", name)
            if element is None:
                element = items.embedded(name)
                props.append(element)
            if value is not None:
                element["Value"] = value
            if text is not None:
                element["Value2" if element.get("Value1") == items.REG_SZ else "Value1"] = text
            element.update(raw or {})

    def remove_property(self, component: str, name: str, site_code: str | None = None) -> None:
        with self._lock:
            row = self._component(component, site_code)
            row["Props"] = [one for one in row["Props"] if fold(one["PropertyName"]) != fold(name)]

    def set_list(self, component: str, name: str, values: Iterable[str], site_code: str | None = None) -> None:
        with self._lock:
            lists: list[Row] = self._component(component, site_code)["PropLists"]
            element = _named(lists, "PropertyListName", name)
            if element is None:
                lists.append(items.embedded_list(name, list(values)))
            else:
                element["Values"] = list(values)

    def set_push_accounts(self, accounts: Iterable[str], site_code: str | None = None) -> None:
        self.set_list(items.CLIENT_CONFIG, items.PUSH_ACCOUNTS, accounts, site_code)

    def set_automatic_push(self, wanted: bool, site_code: str | None = None) -> None:
        self.set_property(items.DISCOVERY, items.SETTINGS, text="ACTIVE" if wanted else "INACTIVE", site_code=site_code)

    def set_filters(self, mask: int, site_code: str | None = None) -> None:
        self.set_property(items.DISCOVERY, items.FILTERS, value=mask, site_code=site_code)

    def admit_computers(self, admitted: Mapping[str, bool], site_code: str | None = None) -> None:
        """Change the bits of FILTERS for these kinds of computers; the others stay."""
        found = self.component_property(items.DISCOVERY, items.FILTERS, site_code)
        mask = int(found["Value"] or 0) if found is not None else 0
        for kind, wanted in admitted.items():
            mask = mask & ~COMPUTER_TYPES[kind] if wanted else mask | COMPUTER_TYPES[kind]
        self.set_filters(mask, site_code)

    def set_site_systems(self, wanted: bool, site_code: str | None = None) -> None:
        self.set_property(items.DISCOVERY, items.SITE_SYSTEMS, value=int(wanted), site_code=site_code)

    def set_ntlm_fallback(self, wanted: bool, site_code: str | None = None) -> None:
        value = items.NTLM_ALLOWED if wanted else items.KERBEROS_ONLY
        self.set_property(items.DISCOVERY, items.KERBEROS, value=value, site_code=site_code)

    def set_installation_properties(self, text: str, site_code: str | None = None) -> None:
        self.set_property(items.CLIENT_CONFIG, items.COMMAND_LINE, text=text, site_code=site_code)

    def set_task(self, name: str, *, site_code: str | None = None, **properties: Any) -> None:
        """Change a maintenance task: Enabled, DeleteOlderThan, …"""
        with self._lock:
            row = _first(self._rows[schema.TASK], {"ItemName": name, "SiteCode": site_code or self.code})
            if row is None:
                raise LookupError(f"There is no maintenance task {name}.")
            row.update(properties)

    def store_account(self, name: str, password: str = "", usage: Iterable[str] = (), site_code: str | None = None) -> None:
        """Put an account into the store, or give one there another password. Only a hash of the password is kept."""
        with self._lock:
            found = next((one for one in self._store if fold(one.name) == fold(name)), None)
            blob = _blob(name, password)
            if found is None:
                self._store.append(_Stored(name, site_code or self.code, blob, list(usage)))
            else:
                found.blob = blob
                found.usage = list(dict.fromkeys([*found.usage, *usage]))

    def forget_account(self, name: str) -> None:
        """Take an account out of the store."""
        with self._lock:
            self._store = [one for one in self._store if fold(one.name) != fold(name)]

    def replace_row(self, class_name: str, key: Mapping[str, Any], properties: Mapping[str, Any]) -> None:
        """What a put does: these properties of the row are replaced as a whole."""
        with self._lock:
            row = _first(self._rows[class_name], key)
            if row is None:
                raise LookupError(f"There is no such row of {class_name}.")
            row.update(copy.deepcopy(dict(properties)))

    def find_rows(self, class_name: str, wanted: Callable[[Row], bool]) -> list[Row]:
        """The rows themselves, as they are in effect."""
        with self._lock:
            return [row for row in self._rows[class_name] if wanted(row)]

    def edit_rows(self, class_name: str, wanted: Callable[[Row], bool], change: Callable[[Row], None]) -> int:
        """Change rows in place; how many."""
        with self._lock:
            found = self.find_rows(class_name, wanted)
            for row in found:
                change(row)
            return len(found)

    def add_row(self, class_name: str, row: Row) -> None:
        with self._lock:
            self._rows[class_name].append(row)

    def remove_rows(self, class_name: str, wanted: Callable[[Row], bool]) -> None:
        with self._lock:
            self._rows[class_name] = [row for row in self._rows[class_name] if not wanted(row)]

    # Inside.

    def _wait(
        self,
        due: datetime | None,
        reads: int | None,
        change: Change,
        *,
        watched: bool,
        looks_at: str = schema.COMPONENT,
        audited: Audited | None = None,
    ) -> None:
        self._waiting.append(_Waiting(next(self._numbers), due, reads, change, watched, looks_at, audited))

    def _carry_out(self, one: _Waiting, now: datetime) -> None:
        before = {revert: self._watched(revert) for revert in self._reverts} if one.watched else {}
        self.osd.carried_out(one.change, one.audited)
        for revert, old in before.items():
            if self._reverts[revert] > 0 and old != self._watched(revert):
                self._reverts[revert] -= 1
                self._plan_revert(revert, old, now)

    def _plan_revert(self, revert: Revert, old: dict[str, Row | None], now: datetime) -> None:
        def put_back() -> None:
            self.audit.append(Audited(now.isoformat(), COMPONENT_MANAGER, "component", f"{revert.component} {revert.property}"))
            for code, element in old.items():
                if element is None:
                    self.remove_property(revert.component, revert.property, code)
                else:
                    self.set_property(revert.component, revert.property, raw=element, site_code=code)

        due = None if revert.seconds is None else now + timedelta(seconds=revert.seconds)
        looks_at = schema.ROLE if revert.component in _POINTS else schema.COMPONENT
        self._wait(due, revert.reads if revert.seconds is None else None, put_back, watched=False, looks_at=looks_at)

    def _watched(self, revert: Revert) -> dict[str, Row | None]:
        codes = self.codes if revert.component not in _POINTS else (self.code,)
        return {code: self.component_property(revert.component, revert.property, code) for code in codes}

    def _component(self, component: str, site_code: str | None) -> Row:
        place, name = (schema.ROLE, "RoleName") if component in _POINTS else (schema.COMPONENT, "ComponentName")
        found = _first(self._rows[place], {name: component, "SiteCode": site_code or self.code})
        if found is None:
            raise LookupError(f"There is no component {component} in {site_code or self.code}.")
        return found

    def _computed(self, class_name: str) -> list[Row]:
        if class_name == schema.RESERVED:
            return [self._account_row(one) for one in self._store]
        if class_name in (schema.FLAT_PROPERTY, schema.FLAT_LIST):
            place = "Props" if class_name == schema.FLAT_PROPERTY else "PropLists"
            return [
                NameDict(
                    {
                        "ID": number,
                        "SiteCode": row["SiteCode"],
                        "ItemType": row["ComponentName"],
                        **{name: value for name, value in element.items() if name != "__class"},
                    }
                )
                for number, row in enumerate(self._rows[schema.COMPONENT], 1)
                for element in row[place]
            ]
        if class_name == schema.POINT_INFO:
            return self.osd.info_rows()
        return self._rows.get(class_name, [])

    def _account_row(self, one: _Stored) -> Row:
        return NameDict(
            {
                "FileType": items.ACTIVE,
                "ItemName": f"{one.name}| 0",
                "ItemType": "User",
                "SiteCode": one.site_code,
                "UserName": one.name,
                "Reserved1": "",
                "Reserved2": {"base64": one.blob},
                "AccountUsage": self.usage(one.name),
            }
        )

    def _first_rows(self) -> dict[str, list[Row]]:
        options = self.options
        release = options.release_data
        rows: dict[str, list[Row]] = {name: [] for name in schema.CLASSES}
        sites = [(options.code, options.name, options.server, "", options.push, True)]
        sites += [(one.code, one.name, one.server, options.code, one.push, one.recovered) for one in options.secondaries]
        for code, name, server, parent, push, recovered in sites:
            rows[schema.COMPONENT] += items.components(options, code, push)
            rows[schema.CLIENT_COMPONENT] += items.client_components(code, self._network_access_accounts() if code == options.code else ())
            rows[schema.DEFINITION].append(items.definition(options, code, name, server, parent))
            rows[schema.TASK] += items.tasks(options, code)
            rows[schema.ROLE] += [items.role(role, server, code) for role in ("SMS Site Server", "SMS Site System")]
            rows[schema.SITE].append(items.site(options, code, name, server, parent, recovered=recovered))
        rows[schema.ROLE] += [items.role("SMS Provider", machine, options.code) for machine in options.provider_machines]
        rows[schema.ROLE] += [self._other_role(role.name, role.server) for role in options.roles]
        for class_name, more in Osd.first_rows(self).items():
            rows[class_name] += more
        rows[schema.UPDATE].append(items.update(1, f"Configuration Manager {release.name}", release.version, INSTALLED, 0))
        if release.takes_hotfix and options.hotfix != "absent":
            state = INSTALLED if options.hotfix == "installed" else DOWNLOADED
            name = options.hotfix_name or release.hotfix_name
            rows[schema.UPDATE].append(items.update(2, name, release.version, state, 2))
        rows[schema.IDENTIFICATION].append(
            NameDict(
                {
                    "ThisSiteCode": options.code,
                    "ThisSiteName": options.name,
                    "SMSVersion": release.version,
                    "SMSBuildNumber": release.build,
                    "SMSProviderServer": options.provider_machines[0],
                    "SMSSiteServer": options.server,
                    "MonthlyReleaseVersion": int(release.name),
                }
            )
        )
        return rows

    def _other_role(self, name: str, server: str) -> Row:
        """A role that only its name is given of: those with settings have the default ones."""
        if name == osd_items.DISTRIBUTION_POINT:
            return osd_items.distribution_point(self.options, DistributionPoint(server), self.code)
        if name == osd_items.MIGRATION_POINT:
            return osd_items.migration_point(self.options, StateMigrationPoint(server), self.code)
        return items.role(name, server, self.code)

    def _network_access_accounts(self) -> list[str]:
        """Those that are said to be, and those of the store that are said to be used as such."""
        used = [one.name for one in self.options.store if items.SOFTWARE_DISTRIBUTION in one.usage]
        return list(dict.fromkeys([*self.options.osd.network_access_accounts, *used]))

    def _first_store(self) -> list[_Stored]:
        options = self.options
        missing = {fold(name) for name in options.unknown}
        pushes = [name for push in (options.push, *(one.push for one in options.secondaries)) for name in push.accounts]
        found: dict[str, _Stored] = {}
        for account in options.store:
            # That one follows from the component's list.
            usage = [one for one in account.usage if one != items.SOFTWARE_DISTRIBUTION]
            found[fold(account.name)] = _Stored(account.name, options.code, _blob(account.name, ""), usage)
        for name in (*options.osd.network_access_accounts, *pushes):
            if fold(name) not in missing:
                found.setdefault(fold(name), _Stored(name, options.code, _blob(name, "")))
        return list(found.values())


def _blob(name: str, password: str) -> str:
    return base64.b64encode(hashlib.sha256(f"{fold(name)}\0{password}".encode()).digest()).decode()


def _named(elements: Iterable[Row], key: str, name: str) -> Row | None:
    return next((one for one in elements if fold(str(one.get(key) or "")) == fold(name)), None)


def _first(rows: Iterable[Row], where: Mapping[str, Any]) -> Row | None:
    return next((row for row in rows if all(fold(str(row.get(name))) == fold(str(value)) for name, value in where.items())), None)
