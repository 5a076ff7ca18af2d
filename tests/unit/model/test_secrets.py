# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A password is nowhere but in the fields of its operation."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.configmgr.hardening.plugins.plugin_utils.model.operation import Operation


@given(st.text(min_size=1, max_size=12))
def test_a_password_is_not_shown(password: str) -> None:
    operation = Operation.of("cmdlet.invoke", name="New-CMAccount", parameters={"Password": {"secure": password}, "UserName": "CORP\\u"})
    other = Operation.of("cmdlet.invoke", name="New-CMAccount", parameters={"Password": {"secure": "(hidden)"}, "UserName": "CORP\\u"})

    assert repr(operation) == repr(other)
    assert operation.fields["parameters"]["Password"] == {"secure": password}
    assert json.loads(operation.body)["parameters"]["UserName"] == "CORP\\u"


def test_what_is_no_password_is_shown() -> None:
    assert "New-CMAccount" in repr(Operation.of("cmdlet.invoke", name="New-CMAccount"))
