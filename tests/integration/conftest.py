# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real ansible-playbook runs against simulated hosts in the test's own process.

Most of the time goes into starting ansible-playbook, so tests that look at one run share it through fixtures of their module, and each
module stays on one worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.integration.controller import Controller, Core, full_cores, own_core
from tests.integration.fleet import Fleet, Json, running

Start = Callable[..., Fleet]
"""Start(words, core=own, group_vars=None): hosts that run until the end of the fixture's scope."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return LoadScopeScheduling(config, log)


def _starter(stack: ExitStack, factory: pytest.TempPathFactory) -> Start:
    def start(words: Json, core: Core | None = None, *, group_vars: Path | None = None) -> Fleet:
        controller = Controller(core or own_core(), factory.mktemp("controller"))
        context: AbstractContextManager[Fleet] = running(words, controller, group_vars=group_vars)
        return stack.enter_context(context)

    return start


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """For hosts of one test."""
    with ExitStack() as stack:
        yield _starter(stack, tmp_path_factory)


@pytest.fixture(scope="module")
def start_shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """For hosts of all tests of a module."""
    with ExitStack() as stack:
        yield _starter(stack, tmp_path_factory)


def available(core: Core) -> Core:
    """The core, if it is there."""
    if not core.exists:
        pytest.skip(f"no .venv-cores/{core.series}")
    return core


@pytest.fixture(scope="module", params=full_cores(), ids=lambda core: f"core-{core.series}")
def core(request: pytest.FixtureRequest) -> Core:
    """The ansible-core that the tests run with, the oldest, and the newest."""
    found: Core = request.param
    return available(found)
