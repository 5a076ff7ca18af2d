# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The console command windows-estate."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import yaml

from windows_estate import __version__
from windows_estate.world import daemon
from windows_estate.world import inventory as inventories
from windows_estate.world.client import ControlClient, ControlUnavailable
from windows_estate.world.estate import Estate, Served
from windows_estate.world.words.estate_file import read_estate
from windows_estate.world.words.model import EstateWords
from windows_estate.world.words.reader import WordsError
from windows_estate.world.words.values import checked_data


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when it went well, 1 with a sentence on standard error when not, 2 for wrong arguments."""
    options = _parser().parse_args(arguments)
    try:
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except (WordsError, daemon.DaemonError, ControlUnavailable) as error:
        print(f"windows-estate: {error}", file=sys.stderr)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"windows-estate: {place}{error.strerror or error}", file=sys.stderr)
    return 1


# start, stop


def _start(options: argparse.Namespace) -> int:
    if options.daemon:
        if options.pid_file is None:
            raise WordsError("--daemon needs --pid-file, so that stop can find it again.")
        passed = [str(options.file.resolve()), "--control-port", str(options.control_port), "--base-port", str(options.base_port)]
        if options.inventory is not None:
            passed += ["--inventory", str(options.inventory.resolve())]
        # Wrong words are said here, before there is a process.
        words = read_estate(options.file)
        running = daemon.start(passed, options.pid_file.resolve())
        _say_hosts(words, _ports(running))
        _say_addresses(running.control, running.inventory)
        print(f"Stop:       windows-estate stop --pid-file {options.pid_file}")
        return 0
    return _serve(options)


def _serve(options: argparse.Namespace) -> int:
    stopped = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        estate = Estate.load(options.file)
        with estate.serve(options.inventory, control_port=options.control_port, base_port=options.base_port) as served:
            _announce(served, options)
            stopped.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if options.pid_file is not None:
            _forget(options.pid_file)
    return 0


def _announce(served: Served, options: argparse.Namespace) -> None:
    path = None if served.inventory is None else str(served.inventory)
    _say_hosts(served.estate.words, served.ports)
    _say_addresses(served.control, path)
    sys.stdout.flush()
    if options.pid_file is not None:
        daemon.write_pid_file(options.pid_file, daemon.Running(os.getpid(), served.control, path, options.log))


def _forget(pid_file: Path) -> None:
    """Remove the pid file, if it is still this process's."""
    try:
        running = daemon.read_pid_file(pid_file)
    except daemon.DaemonError:
        return
    if running is not None and running.pid == os.getpid():
        pid_file.unlink(missing_ok=True)


def _ports(running: daemon.Running) -> dict[str, int]:
    if running.control is None:
        return {}
    return {name: int(port) for name, port in ControlClient(running.control).get("/estate")["ports"].items()}


def _say_hosts(words: EstateWords, ports: dict[str, int]) -> None:
    rows = [("HOST", "ROLE", "WINDOWS", "LANGUAGE", "PORT", "")]
    rows += [
        (host.name, host.role.title, host.os_word, host.language.tag, str(ports.get(host.name, "")), host.description)
        for host in words.hosts
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        print("  ".join([*(text.ljust(width) for text, width in zip(row[:5], widths, strict=True)), row[5]]).rstrip())


def _say_addresses(control: str | None, inventory: str | None) -> None:
    print()
    if inventory is not None:
        print(f"Inventory:  {inventory}")
    if control is not None:
        print(f"Control:    {control}")


def _stop(options: argparse.Namespace) -> int:
    print(daemon.stop(options.pid_file.resolve()))
    return 0


def _inventory(options: argparse.Namespace) -> int:
    words = read_estate(options.file)
    ports = {host.name: options.base_port + number if options.base_port else 0 for number, host in enumerate(words.hosts)}
    print(inventories.as_yaml(inventories.inventory(words, ports)), end="")
    return 0


# What is asked of a running estate


def _client(options: argparse.Namespace) -> ControlClient:
    if options.control is not None:
        return ControlClient(options.control)
    running = None if options.pid_file is None else daemon.read_pid_file(options.pid_file)
    if options.pid_file is not None and (running is None or running.control is None):
        raise WordsError(f"{options.pid_file} names no running estate.")
    if running is None or running.control is None:
        raise WordsError("Say which estate: --control URL or --pid-file PATH.")
    return ControlClient(running.control)


def _fingerprints(options: argparse.Namespace) -> int:
    for name, value in _client(options).get("/fingerprints").items():
        print(f"{name:<16} {value}")
    return 0


def _counters(options: argparse.Namespace) -> int:
    client = _client(options)
    names = [options.host] if options.host else [host["name"] for host in client.get("/hosts")]
    found = {name: client.get(client.host(name, "counters")) for name in names}
    if options.json:
        print(json.dumps(found, indent=2))
        return 0
    print(f"{'HOST':<16} {'EXECUTIONS':>10} {'REQUESTS':>9} {'BYTES IN':>10} {'BYTES OUT':>10} {'PAYLOAD':>10}")
    for name, one in found.items():
        numbers = (one["executions"], one["total_requests"], one["bytes_in"], one["bytes_out"], one["payload_bytes"])
        print("{:<16} {:>10} {:>9} {:>10} {:>10} {:>10}".format(name, *numbers))
    return 0


def _advance(options: argparse.Namespace) -> int:
    print(f"It is {_client(options).post('/advance', {'minutes': options.minutes})['now']} there now.")
    return 0


def _set(options: argparse.Namespace) -> int:
    client = _client(options)
    if options.what == "registry":
        data = checked_data(options.type, _data(options.data), options.name)
        client.post(client.host(options.host, "registry"), {"key": options.key, "name": options.name, "type": options.type, "data": data})
    elif options.what == "group":
        client.post(client.host(options.host, "group"), {"group": options.group, "add": options.add, "remove": options.remove})
    elif options.what == "task":
        client.post(client.host(options.host, "task"), {"path": options.path, "enabled": options.state == "enabled"})
    elif options.what == "right":
        client.post(client.host(options.host, "right"), {"right": options.right, "accounts": options.accounts})
    elif options.what == "service":
        client.post(client.host(options.host, "service"), {"name": options.name, "running": options.state == "running"})
    elif options.what == "interface":
        change = {"up": options.state == "up"} if options.state in ("up", "down") else {"profile": options.state}
        client.post(client.host(options.host, "interface"), {"alias": options.alias, **change})
    else:
        client.post(client.host(options.host, "feature"), {"name": options.name, "installed": options.state == "installed"})
    return 0


def _site(options: argparse.Namespace) -> int:
    client = _client(options)
    if options.settings:
        pairs = [text.partition("=") for text in options.settings]
        client.post(f"/sites/{options.code}", {name: yaml.safe_load(value) for name, _, value in pairs})
        return 0
    sites = client.get("/sites")
    if options.code is not None:
        sites = {code: site for code, site in sites.items() if options.code.upper() in site["sites"]}
    print(json.dumps(sites, indent=2, ensure_ascii=False))
    return 0


def _connects(options: argparse.Namespace) -> int:
    client = _client(options)
    names = ("protocol", "port", "icmp", "program", "service", "interface")
    question = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    found = client.post(client.host(options.host, "connects"), {"from": options.source, **question})
    rule = "" if found["rule"] is None else f", {found['rule'][0]}: {found['rule'][1]}"
    print(f"{'yes' if found['allowed'] else 'no'} ({found['reason']}{rule})")
    return 0


def _unset(options: argparse.Namespace) -> int:
    client = _client(options)
    client.post(client.host(options.host, "registry", "remove"), {"key": options.key, "name": options.name})
    return 0


def _faults(options: argparse.Namespace) -> int:
    client = _client(options)
    path = client.host(options.host, "faults")
    if options.fault:
        wanted = [] if options.fault == ["none"] else [yaml.safe_load(fault) for fault in options.fault]
        active = client.post(path, wanted)
    else:
        active = client.get(path)
    print("none" if not active else "\n".join(json.dumps(fault) for fault in active))
    return 0


def _data(texts: list[str]) -> Any:
    return texts[0] if len(texts) == 1 else texts


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="windows-estate", description="Simulated Windows hosts that answer over WinRM on loopback.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    start = commands.add_parser("start", help="start the hosts of a file; in the foreground until Ctrl-C, or with --daemon")
    start.add_argument("file", type=Path)
    start.add_argument("--inventory", type=Path, help="where to write the Ansible inventory: a file, or a folder for hosts.yml")
    start.add_argument("--control-port", type=int, default=0, help="of the control interface; 0: any free one (default)")
    start.add_argument("--base-port", type=int, default=0, help="of the first host, the others follow; 0: any free ones (default)")
    start.add_argument("--daemon", action="store_true", help="in the background; back when every port listens")
    start.add_argument("--pid-file", type=Path)
    start.add_argument("--log", help=argparse.SUPPRESS)
    start.set_defaults(run=_start)

    stop = commands.add_parser("stop", help="end an estate that was started with --daemon")
    stop.add_argument("--pid-file", type=Path, required=True)
    stop.set_defaults(run=_stop)

    inventory = commands.add_parser("inventory", help="print the inventory of a file")
    inventory.add_argument("file", type=Path)
    inventory.add_argument("--base-port", type=int, default=0)
    inventory.set_defaults(run=_inventory)

    running = argparse.ArgumentParser(add_help=False)
    running.add_argument("--control", metavar="URL", help="address of the control interface")
    running.add_argument("--pid-file", type=Path, help="or the pid file of the estate")

    fingerprints = commands.add_parser("fingerprints", parents=[running], help="a hash of every host's configuration")
    fingerprints.set_defaults(run=_fingerprints)
    counters = commands.add_parser("counters", parents=[running], help="requests and bytes of every host")
    counters.add_argument("host", nargs="?")
    counters.add_argument("--json", action="store_true", help="everything, with the log of executions")
    counters.set_defaults(run=_counters)
    advance = commands.add_parser("advance", parents=[running], help="let simulated minutes pass for all hosts")
    advance.add_argument("minutes", type=float)
    advance.set_defaults(run=_advance)

    change = commands.add_parser("set", help="change something on a host from outside")
    change.add_argument("host")
    _add_changes(change.add_subparsers(dest="what", required=True, metavar="WHAT"), running)
    change.set_defaults(run=_set)

    unset = commands.add_parser("unset", help="remove a registry value, or without NAME a key, on a host from outside")
    unset.add_argument("host")
    of = unset.add_subparsers(dest="what", required=True, metavar="WHAT").add_parser("registry", parents=[running])
    of.add_argument("key")
    of.add_argument("name", nargs="?")
    unset.set_defaults(run=_unset)

    _add_site(commands, running)
    _add_connects(commands, running)
    faults = commands.add_parser(
        "faults", parents=[running], help="show or set what is wrong with a host: none, refuse, '{kind: slow, seconds: 3}'"
    )
    faults.add_argument("host")
    faults.add_argument("fault", nargs="*")
    faults.set_defaults(run=_faults)
    return parser


def _add_site(commands: Any, running: argparse.ArgumentParser) -> None:
    site = commands.add_parser(
        "site", parents=[running], help="show the ConfigMgr sites, or change one as another administrator: CODE automatic=yes …"
    )
    site.add_argument("code", nargs="?")
    site.add_argument("settings", nargs="*", metavar="SETTING=VALUE")
    site.set_defaults(run=_site)


def _add_connects(commands: Any, running: argparse.ArgumentParser) -> None:
    connects = commands.add_parser("connects", parents=[running], help="whether a host lets somebody in, and what says so")
    connects.add_argument("host")
    connects.add_argument("--from", dest="source", required=True, metavar="ADDRESS")
    connects.add_argument("--protocol", choices=["tcp", "udp", "icmpv4", "icmpv6"], default="tcp")
    connects.add_argument("--port", type=int)
    connects.add_argument("--icmp", metavar="TYPE:CODE")
    connects.add_argument("--program", help="who waits for it: a path or System; by default whoever listens on the port")
    connects.add_argument("--service", help="the short name of its service")
    connects.add_argument("--interface", metavar="ALIAS", help="by default the one on which packets from there come in")
    connects.set_defaults(run=_connects)


def _add_changes(kinds: Any, running: argparse.ArgumentParser) -> None:
    value = kinds.add_parser("registry", parents=[running], help="KEY NAME TYPE DATA")
    value.add_argument("key")
    value.add_argument("name")
    value.add_argument("type", choices=["sz", "expand_sz", "multi_sz", "dword", "qword", "binary", "none"])
    value.add_argument("data", nargs="+")
    group = kinds.add_parser("group", parents=[running], help="members of a local group, by name or SID")
    group.add_argument("group")
    group.add_argument("--add", nargs="*", default=[])
    group.add_argument("--remove", nargs="*", default=[])
    task = kinds.add_parser("task", parents=[running], help="PATH enabled|disabled")
    task.add_argument("path")
    task.add_argument("state", choices=["enabled", "disabled"])
    right = kinds.add_parser("right", parents=[running], help="who has a user right from now on: RIGHT [ACCOUNT …]")
    right.add_argument("right")
    right.add_argument("accounts", nargs="*")
    service = kinds.add_parser("service", parents=[running], help="NAME running|stopped")
    service.add_argument("name")
    service.add_argument("state", choices=["running", "stopped"])
    interface = kinds.add_parser("interface", parents=[running], help="ALIAS domain|private|public|up|down")
    interface.add_argument("alias")
    interface.add_argument("state", choices=["domain", "private", "public", "up", "down"])
    feature = kinds.add_parser("feature", parents=[running], help="NAME installed|available")
    feature.add_argument("name")
    feature.add_argument("state", choices=["installed", "available"])


if __name__ == "__main__":
    sys.exit(main())
