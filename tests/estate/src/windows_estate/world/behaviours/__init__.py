# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the simulated hosts do by themselves, one file per part of Windows. Each is installed on a machine by build.py."""

from __future__ import annotations
