# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Generate what follows from the modules' documentation: the option specifications that actions load, and the roles' argument specs.

Also the firewall's named services as actions load them.

    python tools/generate_specs.py [--check]

With --check nothing is written; the exit code is 1 when a file is not current.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
MODULES = (
    "remote_assistance_policy",
    "firewall_exception",
    "client_push_site",
    "client_push_target",
    "pxe_interface_binding",
    "state_migration_retention",
    "baseline",
    "rollback",
    "report",
)
ROLES: dict[str, dict[str, Any]] = {
    "remote_assistance_policy": {
        "short_description": "Bring Remote Assistance to the hardening baseline",
        "description": "Runs the module of the same name with the options that the inventory holds.",
        "options_of": {"remote_assistance_policy_options": "remote_assistance_policy"},
    },
    "firewall_exception": {
        "short_description": "Bring Windows Firewall to the hardening baseline",
        "description": "Runs the module of the same name with the options that the inventory holds.",
        "options_of": {"firewall_exception_options": "firewall_exception"},
    },
    "client_push_scope": {
        "entry_points": {
            "site": {
                "short_description": "Bring a site's client push installation to the hardening baseline",
                "description": "Runs the module client_push_site, on a host of the SMS Provider.",
                "options_of": {"client_push_site_options": "client_push_site"},
            },
            "target": {
                "short_description": "Admit only the push principal of its ring to a computer",
                "description": "Runs the module client_push_target, on a computer that clients are pushed to.",
                "options_of": {"client_push_target_options": "client_push_target"},
            },
        },
    },
    "state_migration_retention": {
        "entry_points": {
            "site": {
                "short_description": "Bring a site's state migration points to the hardening baseline",
                "description": "Runs the module state_migration_retention for the site, on a host of the SMS Provider.",
                "options_of": {"state_migration_retention_options": "state_migration_retention"},
            },
            "migration_point": {
                "short_description": "Bring a state migration point itself to the hardening baseline",
                "description": "Runs the module state_migration_retention for the host, and keeps its readings for the site's play.",
                "options_of": {"state_migration_retention_options": "state_migration_retention"},
            },
        },
    },
    "pxe_interface_binding": {
        "entry_points": {
            "site": {
                "short_description": "Bring what a site says of PXE to the hardening baseline",
                "description": "Runs the module of the same name on a host of the SMS Provider, with the readings of distribution points.",
                "options_of": {"pxe_interface_binding_options": "pxe_interface_binding"},
            },
            "distribution_point": {
                "short_description": "Judge PXE of a distribution point, and read what the site's judgement needs",
                "description": "Runs the module of the same name on a distribution point.",
                "options_of": {"pxe_interface_binding_options": "pxe_interface_binding"},
            },
        },
    },
    "baseline": {
        "short_description": "Bring a host to the whole hardening baseline",
        "description": "Collects the options of every area that the inventory declares for the host, and runs them in one go.",
        "options_of": {
            "baseline_remote_assistance_policy": "remote_assistance_policy",
            "baseline_firewall_exception": "firewall_exception",
            "baseline_client_push_site": "client_push_site",
            "baseline_client_push_target": "client_push_target",
            "baseline_pxe_interface_binding": "pxe_interface_binding",
            "baseline_state_migration_retention": "state_migration_retention",
        },
    },
}
# By module: options that nobody may see. There is no place for it in the documentation.
SECRETS = {"client_push_site": ("passwords",), "pxe_interface_binding": ("distribution_points.password",)}
COMMON = ("waivers", "attestations", "fail_on", "results", "run_id")
KEPT = ("type", "elements", "required", "default", "choices", "no_log")


def constant(path: Path, name: str) -> str:
    """The text that a Python file assigns to a name, at its top or in a class, without running it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == name:
            return str(ast.literal_eval(node.value))
    raise KeyError(f"{path} has no {name}")


def documented(module: str) -> dict[str, Any]:
    """All options of a module, those of the shared fragment included."""
    documentation = yaml.safe_load(constant(ROOT / f"plugins/modules/{module}.py", "DOCUMENTATION"))
    options = dict(documentation["options"])
    if "configmgr.hardening.hardening" in documentation.get("extends_documentation_fragment", ()):
        fragment = yaml.safe_load(constant(ROOT / "plugins/doc_fragments/hardening.py", "DOCUMENTATION"))
        options |= fragment["options"]
    for name in SECRETS.get(module, ()):
        options = with_secret(options, name.split("."))
    return options


def with_secret(options: dict[str, Any], path: list[str]) -> dict[str, Any]:
    """Options with the one at the path marked; the path goes by suboptions."""
    option = options[path[0]]
    marked = {**option, "suboptions": with_secret(option["suboptions"], path[1:])} if path[1:] else {**option, "no_log": True}
    return {**options, path[0]: marked}


def specification(options: dict[str, Any]) -> dict[str, Any]:
    """Options without their descriptions."""
    result = {}
    for name, option in options.items():
        kept = {field: option[field] for field in KEPT if field in option}
        if "suboptions" in option:
            kept["options"] = specification(option["suboptions"])
        result[name] = kept
    return result


def role_options(options: dict[str, Any]) -> dict[str, Any]:
    """Options as a role's argument specs want them: with descriptions, suboptions called options."""
    result = {}
    for name, option in options.items():
        kept = {"description": option["description"], **{field: option[field] for field in KEPT if field in option}}
        if "suboptions" in option:
            kept["options"] = role_options(option["suboptions"])
        result[name] = kept
    return result


def argument_specs(role: str) -> dict[str, Any]:
    """The argument specs of a role: one dictionary for each area, and what all modules share."""
    entry_points = ROLES[role].get("entry_points") or {"main": ROLES[role]}
    return {"argument_specs": {name: entry_point(role, words) for name, words in entry_points.items()}}


def entry_point(role: str, words: dict[str, Any]) -> dict[str, Any]:
    """The argument spec of one entry point."""
    options: dict[str, Any] = {}
    for variable, module in words["options_of"].items():
        own = {name: option for name, option in documented(module).items() if name not in COMMON}
        if role == "baseline":
            # An area that is not declared is an empty dictionary, in which nothing is missing; else the module says what is.
            own = {name: {field: value for field, value in option.items() if field != "required"} for name, option in own.items()}
        options[variable] = {
            "description": f"The options of the module {module}.",
            "type": "dict",
            "required": role != "baseline",
            "options": role_options(own),
        }
    for name in COMMON:
        options[f"{role}_{name}"] = role_options({name: documented(next(iter(words["options_of"].values())))[name]})[name]
    return {
        "short_description": words["short_description"],
        "description": words["description"],
        "author": ["configmgr.hardening contributors"],
        "options": options,
    }


class _Dumper(yaml.SafeDumper):
    """Lists below their key are indented, as yamllint wants them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


def outputs() -> dict[Path, str]:
    """Every generated file with its content."""
    specs = {module: specification(documented(module)) for module in MODULES}
    files = {ROOT / "plugins/plugin_utils/options/generated.json": json.dumps(specs, indent=1, sort_keys=True) + "\n"}
    services = yaml.safe_load((ROOT / "plugins/plugin_utils/areas/services.yml").read_text(encoding="utf-8"))
    files[ROOT / "plugins/plugin_utils/areas/services.json"] = json.dumps(services, indent=1) + "\n"
    header = "---\n# Generated from the modules' documentation by tools/generate_specs.py.\n"
    for role in ROLES:
        text = yaml.dump(argument_specs(role), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
        files[ROOT / f"roles/{role}/meta/argument_specs.yml"] = header + text
    return files


def main(arguments: list[str]) -> int:
    stale = []
    for path, text in outputs().items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path)
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{'not current' if '--check' in arguments else 'written'}: {path.relative_to(ROOT)}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
