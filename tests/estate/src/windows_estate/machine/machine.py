# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One simulated Windows computer."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

from windows_estate.machine import environment as env
from windows_estate.machine.accounts import PRODUCT_TYPES, Accounts
from windows_estate.machine.clock import Clock, SystemClock
from windows_estate.machine.cmdlets import Cmdlets, Command
from windows_estate.machine.files import Files
from windows_estate.machine.fingerprint import Volatile, fingerprint
from windows_estate.machine.names import NameDict, fold
from windows_estate.machine.programs import Program, Programs
from windows_estate.machine.registry import Registry
from windows_estate.machine.wmi import Method, Provider, PutHook, Wmi

Tick = Callable[["Machine", datetime], None]


class Machine:
    """A computer made of data (`state`, in the form of the contract vectors) and of behaviours that are plugged in.

    The state that is given is copied. Behaviours may change `state` directly or through `registry`, `wmi`, `files` and `accounts`, which
    keep its form and look names up ignoring case.

    commands: (module, command), folded -> Command
    programs: name, folded -> fn(machine, arguments, stdin, files) -> ProgramResult; the state's own entries come first
    wmi_providers: (namespace, class), folded -> fn(machine) -> rows, before the state's instances; the class is in the state or in
    wmi_classes: (namespace, class), folded -> {"properties": {name: type}, ...}
    wmi_methods: (namespace, class, method), folded -> fn(machine, properties of the instance or None, arguments) -> output values
    wmi_puts: (namespace, class), folded -> fn(machine, properties before, properties after), before a put is stored; may raise HostError
    on_tick: fn(machine, now), before and after every execution, whenever a request has slept, and by `tick()`
    wmi_gates: namespace, folded -> fn(machine), when a request opens it; may raise HostError
    site_gate: fn(machine, site code), whenever a request goes to a ConfigMgr site's drive; may raise HostError
    on_service: name of a service, folded -> list of fn(machine, running), when it has started or stopped
    configuration: name -> fn() -> a text that is part of the fingerprint: what a behaviour keeps outside the state
    """

    CODE_PAGE_KEY = env.CODE_PAGE_KEY

    def __init__(self, state: dict[str, Any], *, clock: Clock | None = None) -> None:
        self.state: dict[str, Any] = copy.deepcopy(state)
        self.clock: Clock = clock or SystemClock()
        env.complete_host(self.state)
        self.commands: dict[tuple[str, str], Command] = {}
        self.programs: dict[str, Program] = {}
        self.wmi_providers: dict[tuple[str, str], Provider] = {}
        self.wmi_classes: dict[tuple[str, str], dict[str, Any]] = {}
        self.wmi_methods: dict[tuple[str, str, str], Method] = {}
        self.wmi_puts: dict[tuple[str, str], PutHook] = {}
        self.on_tick: list[Tick] = []
        self.wmi_gates: dict[str, Callable[[Machine], None]] = {}
        self.site_gate: Callable[[Machine, str], None] | None = None
        self.on_service: dict[str, list[Callable[[Machine, bool], None]]] = {}
        self.configuration: dict[str, Callable[[], str]] = {}
        self.volatile = Volatile()
        self.registry = Registry(self.state)
        self.files = Files(self)
        self.accounts = Accounts(self)
        self.wmi = Wmi(self)
        self.cmdlets = Cmdlets(self)
        self.system32 = Programs(self)
        self._lock = threading.Lock()
        self._owner: int | None = None

    @property
    def name(self) -> str:
        return str(self.state["host"]["name"])

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The record of what was called."""
        calls: list[dict[str, Any]] = self.state.setdefault("calls", [])
        return calls

    @property
    def environment(self) -> NameDict:
        return env.environment(self.state)

    @property
    def product_type(self) -> int | None:
        """1 workstation, 2 domain controller, 3 server, as the registry tells it."""
        return PRODUCT_TYPES.get(fold(str(self.registry.data(env.PRODUCT_KEY, "ProductType") or "")))

    @property
    def build(self) -> str:
        """Four numbers, as the registry tells them."""
        names = ("CurrentMajorVersionNumber", "CurrentMinorVersionNumber", "CurrentBuildNumber", "UBR")
        return ".".join(str(self.registry.data(env.VERSION_KEY, name, "")) for name in names)

    def execute(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Run one `host_state` request and return its reply. One execution at a time; others get in while this one sleeps."""
        # Imported here because the contract stands on the machine: it is one of several doors to it.
        from windows_estate.contract import answer  # noqa: PLC0415

        with self._exclusive():
            self._run_ticks()
            try:
                return answer(self, arguments)
            finally:
                self._run_ticks()

    def provide(
        self, namespace: str, class_name: str, properties: dict[str, str], rows: Provider, *, lazy: tuple[str, ...] = (), **more: Any
    ) -> None:
        """Add a class whose instances are computed at query time; `more`: key, methods, slow. It is no part of the state."""
        self.wmi.add_namespace(namespace)
        place = (fold(namespace), fold(class_name))
        self.wmi_classes[place] = {"name": class_name, "properties": properties, "lazy": list(lazy), **more}
        self.wmi_providers[place] = rows

    def tick(self) -> None:
        """Let happen what is due."""
        with self._exclusive():
            self._run_ticks()

    def held(self) -> AbstractContextManager[None]:
        """Nothing is executed meanwhile: for whoever looks at the machine from outside."""
        return self._exclusive()

    def sleep(self, seconds: float) -> None:
        """Let time pass, and what happens meanwhile happen."""
        if self._owner != threading.get_ident():
            self.clock.sleep(seconds)
            self.tick()
            return
        self._owner = None
        self._lock.release()
        try:
            self.clock.sleep(seconds)
        finally:
            self._lock.acquire()
            self._owner = threading.get_ident()
        self._run_ticks()

    def expand(self, text: str) -> str:
        """Replace %Variables%."""
        return env.expand(text, self.environment)

    def fingerprint(self) -> str:
        """Equal for machines that are configured alike."""
        also = {name: read() for name, read in sorted(self.configuration.items())}
        return fingerprint(self.state, str(self.environment["ProgramData"]), self.volatile, also)

    def snapshot(self) -> dict[str, Any]:
        """The state as plain data, independent of the machine."""
        plain: dict[str, Any] = json.loads(json.dumps(self.state))
        return plain

    def _run_ticks(self) -> None:
        for behaviour in list(self.on_tick):
            behaviour(self, self.clock.now())

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        if self._owner == threading.get_ident():
            yield
            return
        with self._lock:
            self._owner = threading.get_ident()
            try:
                yield
            finally:
                self._owner = None
