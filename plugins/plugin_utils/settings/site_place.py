# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a Configuration Manager site is found on a host: its provider, its namespace, and queries in there.

Which site it is may only be known on the host, and everything is read in one execution. So the queries refer to the answer of an
earlier one for their namespace (docs/contract.md, references).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.observation import Observation, Problem
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import (
    Answer,
    Answers,
    HostFacts,
    Json,
    Operation,
    literal,
)
from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.status import Code

_ROOT = "root\\SMS"
_COLUMNS = ["SiteCode", "ProviderForLocalSite", "Machine"]
_PROVIDERS = Operation.of("cim.query", namespace=_ROOT, query="SELECT * FROM SMS_ProviderLocation", properties=_COLUMNS)
_SITE_COLUMNS = ("SiteCode", "Type", "Version", "ServerName", "SecondarySiteCMUpdateStatus")
SECONDARY = 1
"""SMS_Site.Type of a secondary site."""


def second_hop(host: HostFacts) -> str:
    """What to configure so that the process on a host is let in to the SMS Provider."""
    return (
        f"The process on {host.name} runs as {host.user_name}. Run the task with become and the method runas: as SYSTEM where the SMS"
        " Provider is on the site server, else as an account with rights in the site (become_flags: logon_type=interactive"
        " logon_flags=with_profile); or let the connection delegate (ansible_winrm_kerberos_delegation). In the console, Administration,"
        " Security, that account needs a security role with the permission Read on Site (Read-only Analyst should have it), and to change"
        " something also Modify."
    )


def changed_meanwhile(what: str) -> str:
    """What it means that something is not as it was read an execution ago."""
    return f"{what}: changed by somebody else in between, so nothing was overwritten. Verify again."


def _wql(value: Json) -> str:
    """A constant in a query."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    escaped = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{literal(escaped)}'"


@dataclass(frozen=True)
class Located:
    """A site that was found. C(drive) is the site of the provider, whose namespace and drive are used: of a secondary site the primary."""

    code: str
    drive: str
    type: int | None
    version: str | None
    server: str | None
    update_status: int | None

    @property
    def namespace(self) -> str:
        return f"{_ROOT}\\site_{self.drive}"


@dataclass(frozen=True)
class Site:
    """A site by its code; without one, the only site whose provider is on the host. C(wait): how many seconds a change may take."""

    code: str | None = None
    wait: int = 120

    @property
    def provider(self) -> Operation:
        """The provider that is asked where the code does not name a site of its own provider: the only one, or a secondary's primary."""
        where = "ProviderForLocalSite = TRUE"
        number = "site_provider"
        if self.code:
            where += f" AND SiteCode <> {_wql(self.code)}"
            number += f"_not_{self.code}"
        query = f"SELECT * FROM SMS_ProviderLocation WHERE {where}"  # noqa: S608 what is put in is quoted
        found = Operation.of("cim.query", namespace=_ROOT, query=query, properties=_COLUMNS)
        return Operation(found.op, found.body, number)

    def reads(self) -> tuple[Operation, ...]:
        """What locates the site; every query in its namespace comes after these."""
        return (_PROVIDERS, self.provider, *self._sites.operations())

    @property
    def _sites(self) -> SiteQuery:
        return SiteQuery(self, "SMS_Site", of_site=False, properties=_SITE_COLUMNS)

    def locate(self, answers: Answers) -> Located | Observation:
        """The site, or the observation that says why there is none: a problem, or an option that the host shows to be wrong."""
        host = answers.host
        answer = answers[_PROVIDERS]
        if answer.failure:
            return self._no_provider(answer, host, [])
        rows = [(str(row["SiteCode"]), bool(row["ProviderForLocalSite"]), str(row.get("Machine") or "")) for row in answer.data["rows"]]
        if not rows:
            said = f"{host.name} shows no SMS Provider: there is none, or no Read right on it. {second_hop(host)}"
            return Observation(problem=Problem(Code.NO_ROWS, said))
        local = list(dict.fromkeys(code for code, is_local, _machine in rows if is_local))
        if not local:
            listed = ", ".join(f"{machine or 'another host'} for {code}" for code, _local, machine in rows)
            return _wrong(f"{host.name} is no host of an SMS Provider. The providers it knows: {listed}. Run this where one is.")
        if self.code is None and len(local) > 1:
            return _wrong(f"{host.name} has providers for the sites {', '.join(sorted(local))}; say which of them is meant.")
        own = next((code for code in local if code.casefold() == (self.code or code).casefold()), None)
        if own is None and answers[self.provider].ok and answers[self.provider].data["rows"]:
            drive = str(answers[self.provider].data["rows"][0]["SiteCode"])
        else:
            drive = own or local[0]
        answer = answers[self._sites.operation(drive)]
        if answer.failure:
            return self._no_provider(answer, host, [(code, machine) for code, _local, machine in rows if code == drive])
        return self._listed(answer.data["rows"], drive, host)

    def _no_provider(self, answer: Answer, host: HostFacts, known: list[tuple[str, str]]) -> Observation:
        failure = answer.failure
        if failure is None:
            raise ValueError("the answer is no failure")
        if failure.kind == "access_denied":
            said = f"The SMS Provider on {host.name} denied access: {failure.message} {second_hop(host)}"
            return Observation(problem=Problem(Code.ACCESS_DENIED, said))
        where = ", ".join(f"{machine} is the provider of {code}" for code, machine in known if machine)
        if failure.kind == "unsupported":
            elsewhere = f" As far as it knows, {where}." if where else ""
            return _wrong(f"{host.name} is no host of an SMS Provider ({failure.message}).{elsewhere} Run this where one is.")
        return _wrong(
            f"the SMS Provider on {host.name} cannot be reached ({failure.kind}: {failure.message})."
            " See that the services of Windows Management Instrumentation and of the site run, then try again."
        )

    def _listed(self, rows: list[Mapping[str, Json]], drive: str, host: HostFacts) -> Located | Observation:
        wanted = self.code or drive
        if not rows and wanted.casefold() == drive.casefold():
            # Hidden, but there: what else can be seen of it is judged all the same.
            return Located(drive, drive, None, None, None, None)
        if not rows:
            said = f"The SMS Provider on {host.name} shows no site at all: there is none, or no Read right on it. {second_hop(host)}"
            return Observation(problem=Problem(Code.NO_ROWS, said))
        row = next((row for row in rows if str(row["SiteCode"]).casefold() == wanted.casefold()), None)
        if row is None:
            listed = ", ".join(sorted(str(row["SiteCode"]) for row in rows))
            return _wrong(f"'{wanted}' is no site that {host.name} knows; allowed are {listed}.")
        return Located(
            code=str(row["SiteCode"]),
            drive=drive,
            type=row.get("Type"),
            version=row.get("Version"),
            server=row.get("ServerName"),
            update_status=row.get("SecondarySiteCMUpdateStatus"),
        )


def _wrong(sentence: str) -> Observation:
    """The problem is for what is read again after a write, when it is too late to refuse an option."""
    return Observation(problem=Problem(Code.READ_FAILED, sentence), wrong_options=(f"site_code: {sentence}",))


@dataclass(frozen=True)
class SiteQuery:
    """Rows of one class in the site's namespace. C(of_site): of this site only; C(mask) as in the contract."""

    site: Site
    wmi_class: str
    where: tuple[tuple[str, Json], ...] = ()
    properties: tuple[str, ...] | None = None
    lazy: bool = False
    mask: tuple[str, ...] = ()
    of_site: bool = True

    def operations(self) -> tuple[Operation, ...]:
        """The query in the namespace that the code names, and in that of the provider; one of them leads nowhere, at no cost."""
        provider = f"${{{self.site.provider.id}.rows.0.SiteCode}}"
        by_provider = self._query(f"{_ROOT}\\site_{provider}", self.site.code or provider)
        return (self._query(f"{_ROOT}\\site_{self.site.code}", self.site.code), by_provider) if self.site.code else (by_provider,)

    def operation(self, drive: str) -> Operation:
        """That of them which was asked for the site at a provider's."""
        operations = self.operations()
        return operations[0] if drive.casefold() == (self.site.code or drive).casefold() else operations[1]

    def answer(self, answers: Answers, located: Located) -> Answer:
        return answers[self.operation(located.drive)]

    def rows(self, answers: Answers, located: Located, what: str) -> list[Mapping[str, Json]] | Problem:
        """The rows, or why they could not be read; C(what) names them in sentences."""
        answer = self.answer(answers, located)
        if answer.failure is None:
            rows: list[Mapping[str, Json]] = answer.data["rows"]
            return rows
        problem = Problem.from_failure(answer.failure, f"{what} of the site {located.code}")
        if answer.failure.kind == "access_denied":
            return Problem(problem.code, f"{problem.message} {second_hop(answers.host)}")
        return problem

    def row(self, answers: Answers, located: Located, what: str) -> Mapping[str, Json] | Problem:
        """The one row that has to be there."""
        rows = self.rows(answers, located, what)
        if isinstance(rows, Problem):
            return rows
        if not rows:
            said = f"{what} of the site {located.code} has no rows: it is not there, or there is no Read right on it."
            return Problem(Code.NO_ROWS, f"{said} {second_hop(answers.host)}")
        if len(rows) > 1:
            return Problem(Code.MALFORMED_VALUE, f"{what} of the site {located.code} is there {len(rows)} times.")
        return rows[0]

    def located(self, located: Located) -> Mapping[str, Json]:
        """Fields of the same query with nothing left to be found out: for what runs in an execution that does not locate the site."""
        return self._query(located.namespace, located.code).fields

    def text(self, located: Located) -> str:
        """The query alone, for a put."""
        return str(self.located(located)["query"])

    def _query(self, namespace: str, code: str | None) -> Operation:
        where = [f"{name} = {_wql(value)}" for name, value in self.where]
        if self.of_site and code:
            # A reference is filled in by the host, which escapes it itself.
            where.append(f"SiteCode = '{code}'")
        condition = f" WHERE {' AND '.join(where)}" if where else ""
        return Operation.of(
            "cim.query",
            namespace=namespace,
            query=f"SELECT * FROM {self.wmi_class}{condition}",  # noqa: S608 what is put in is quoted
            properties=list(self.properties) if self.properties else None,
            lazy=True if self.lazy else None,
            mask=list(self.mask) if self.mask else None,
        )
