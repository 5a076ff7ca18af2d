# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What can go wrong, as sentences for people."""

from __future__ import annotations

from collections.abc import Sequence


class HardeningError(Exception):
    """Its text is one sentence, or several, that say what is wrong and what to do."""


class OptionError(HardeningError):
    """What the operator wrote is wrong. Known before any host is touched, or shown by the host before anything is written."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self.sentences = tuple(sentences)
        super().__init__(" ".join(self.sentences))


class ContractError(HardeningError):
    """What came back from the host is not what contract 1 promises."""


class HostError(HardeningError):
    """The host could not run the operations at all."""
