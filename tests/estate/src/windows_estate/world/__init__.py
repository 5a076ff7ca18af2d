# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts described in words, made into machines that behave like Windows, and served over WinRM on loopback."""

from __future__ import annotations

from windows_estate.world.clock import EstateClock
from windows_estate.world.estate import Estate, Served
from windows_estate.world.words.reader import WordsError

__all__ = ["Estate", "EstateClock", "Served", "WordsError"]
