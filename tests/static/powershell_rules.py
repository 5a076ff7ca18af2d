# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules that a PowerShell script can be held to without a PowerShell engine: syntax tree in, sentences about what is wrong out.

Names in PowerShell ignore case, so everything is compared in small letters.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import tree_sitter
import tree_sitter_powershell
from tree_sitter import Node

_LANGUAGE = tree_sitter.Language(tree_sitter_powershell.language())


@dataclass(frozen=True)
class GrammarGap:
    """Text that is right in Windows PowerShell 5.1 and that the grammar cannot read, with something of the same length that it can."""

    text: str
    stand_in: str
    why: str

    def __post_init__(self) -> None:
        if len(self.text) != len(self.stand_in):
            raise ValueError(f"The stand-in for {self.text!r} has another length, so that what follows would move.")


@dataclass(frozen=True)
class Function:
    """A function that the script defines, with its parameters in their order, without the dollar sign."""

    name: str
    parameters: tuple[str, ...]
    optional: frozenset[str]


@dataclass(frozen=True)
class Call:
    """A command as the script writes it. C(values) counts the arguments that have no parameter's name before them."""

    line: int
    name: str | None
    text: str
    named: tuple[str, ...]
    values: int
    splat: bool


@dataclass(frozen=True)
class Script:
    text: str

    @staticmethod
    def read(text: str, gaps: Collection[GrammarGap] = ()) -> Script:
        for gap in gaps:
            text = text.replace(gap.text, gap.stand_in)
        return Script(text)

    @cached_property
    def _bytes(self) -> bytes:
        return self.text.encode()

    @cached_property
    def root(self) -> Node:
        return tree_sitter.Parser(_LANGUAGE).parse(self._bytes).root_node

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        return tuple(_walk(self.root))

    def of_type(self, *types: str) -> Iterator[Node]:
        return (node for node in self.nodes if node.type in types)

    @cached_property
    def code(self) -> str:
        """The text with comments and the insides of literal strings blanked, each character in its place."""
        blanked = bytearray(self._bytes)
        for node in self.of_type("comment", "string_literal"):
            for index in range(node.start_byte, node.end_byte):
                if blanked[index] not in b"\r\n":
                    blanked[index] = ord(" ")
        # What an expandable string computes is code again.
        for node in self.of_type("sub_expression"):
            blanked[node.start_byte : node.end_byte] = self._bytes[node.start_byte : node.end_byte]
        return blanked.decode()

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        return {function.name.lower(): function for function in map(_function, self.of_type("function_statement"))}

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        return tuple(_call(node) for node in self.of_type("command"))


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _line(node: Node) -> int:
    return node.start_point[0] + 1


def _children(node: Node, *types: str) -> Iterator[Node]:
    return (child for child in node.children if child.type in types)


def _function(node: Node) -> Function:
    name = next(_children(node, "function_name"))
    parameters = [
        parameter
        for declaration in _children(node, "function_parameter_declaration")
        for parameter_list in _children(declaration, "parameter_list")
        for parameter in _children(parameter_list, "script_parameter")
    ]
    names = {parameter: _text(next(_children(parameter, "variable"))).lstrip("$").lower() for parameter in parameters}
    optional = frozenset(names[parameter] for parameter in parameters if any(_children(parameter, "script_parameter_default")))
    return Function(_text(name), tuple(names.values()), optional)


def _call(node: Node) -> Call:
    name = node.child_by_field_name("command_name")
    elements = node.child_by_field_name("command_elements")
    children = elements.children if elements else []
    # What follows without a separator belongs to the argument before: the grammar takes .Split('.') apart.
    starts = [child for child in children if child.prev_sibling is None or child.prev_sibling.type == "command_argument_sep"]
    arguments = [child for child in starts if child.type != "command_argument_sep"]
    named: list[str] = []
    values = 0
    splat = False
    value_expected = False
    for argument in arguments:
        if argument.type == "command_parameter":
            named.append(_text(argument).lstrip("-").rstrip(":").lower())
            value_expected = True
        elif _text(argument).startswith("@") and argument.type != "redirection" and re.fullmatch(r"@\w+", _text(argument)):
            splat = True
        elif argument.type != "redirection":
            values += 0 if value_expected else 1
            value_expected = False
    literal = name is not None and name.type == "command_name"
    return Call(_line(node), _text(name).lower() if name is not None and literal else None, _text(node), tuple(named), values, splat)


def syntax_errors(script: Script) -> list[str]:
    """What the grammar cannot read: newer syntax than it knows, or none at all."""
    return [
        f"line {_line(node)}: cannot be read: {_text(node).strip()[:60]!r}"
        for node in script.nodes
        if node.is_missing or node.type == "ERROR"
    ]


# Windows PowerShell 5.1 has none of these. Each is looked for in the code outside comments and strings.
_NEWER_TEXT = (
    (re.compile(r"\?\?"), "?? needs PowerShell 7"),
    (re.compile(r"\?[.\[]"), "?. and ?[ need PowerShell 7"),
    (re.compile(r"\s\?\s"), "a ternary needs PowerShell 7 (or it is the alias of Where-Object)"),
    (re.compile(r"&&|\|\|"), "&& and || between commands need PowerShell 7"),
    (re.compile(r"-AsHashtable\b", re.IGNORECASE), "-AsHashtable needs PowerShell 6"),
    (re.compile(r"-Parallel\b", re.IGNORECASE), "ForEach-Object -Parallel needs PowerShell 7"),
    (re.compile(r"^\s*(using|clean)\b(?!\s*=)", re.IGNORECASE | re.MULTILINE), "using and clean are not wanted"),
)
_UNWANTED_NODES = {
    "class_statement": "classes are not wanted",
    "enum_statement": "enumerations are not wanted",
    "pipeline_chain_tail": "&& and || between commands need PowerShell 7",
    "redirection": "a redirection hides or prints something",
    "trap_statement": "trap is not wanted, try is",
    "inlinescript_statement": "workflows are not wanted",
    "parallel_statement": "workflows are not wanted",
    "sequence_statement": "workflows are not wanted",
}


def newer_syntax(script: Script) -> list[str]:
    """Syntax that Windows PowerShell 5.1 does not have, or that is left out to keep the script plain."""
    found = [
        f"line {script.code.count(chr(10), 0, match.end()) + 1}: {why}"
        for pattern, why in _NEWER_TEXT
        for match in pattern.finditer(script.code)
    ]
    found += [f"line {_line(node)}: {_UNWANTED_NODES[node.type]}" for node in script.of_type(*_UNWANTED_NODES)]
    found += [
        f"line {_line(node)}: `u{{}} needs PowerShell 6"
        for node in script.of_type("expandable_string_literal")
        if "`u{" in _text(node).lower()
    ]
    return found


def unlisted_commands(script: Script, cmdlets: Mapping[str, frozenset[str]], dispatches: Collection[str]) -> list[str]:
    """Commands that are neither defined here nor listed, parameters that are not listed, and calls of a computed name but the listed ones.

    Aliases, programs, Invoke-Expression and Add-Type are on no list, so they are found here.
    """
    listed = {name.lower(): {parameter.lower() for parameter in parameters} for name, parameters in cmdlets.items()}
    found = []
    for call in script.calls:
        if call.name is None:
            if call.text not in dispatches:
                found.append(f"line {call.line}: the command is computed: {call.text[:60]!r}")
        elif call.name in listed:
            unlisted = set(call.named) - listed[call.name]
            found += [f"line {call.line}: {call.name} is not called with -{name} elsewhere" for name in sorted(unlisted)]
        elif call.name not in script.functions:
            found.append(f"line {call.line}: {call.name} is neither defined here nor on the list")
    return found


def wrong_calls(script: Script) -> list[str]:
    """Calls of the script's own functions with parameters that they do not have, too many values, or too few."""
    found = []
    for call in script.calls:
        function = script.functions.get(call.name or "")
        if function is None or call.splat:
            continue
        unknown = [name for name in call.named if name not in function.parameters]
        found += [f"line {call.line}: {function.name} has no parameter -{name}" for name in unknown]
        given = len(call.named) + call.values
        needed = len(function.parameters) - len(function.optional)
        if not needed <= given <= len(function.parameters):
            found.append(f"line {call.line}: {function.name} takes {needed} to {len(function.parameters)} arguments and gets {given}")
    return found


def unlisted_types(script: Script, types: Collection[str]) -> list[str]:
    """.NET types that are not listed; among those that never are: ScriptBlock, PowerShell, Runspace, Marshal, Assembly."""
    listed = {name.lower() for name in types}
    names = ((node, _text(node).removeprefix("[").removesuffix("]").lower()) for node in script.of_type("type_literal"))
    return [f"line {_line(node)}: the type [{name}] is not on the list" for node, name in names if name not in listed]


# Members that turn text into code, whatever object they are called on.
_CODE_FROM_TEXT = frozenset(
    {"addcommand", "addscript", "createpipeline", "expandstring", "getscriptblock", "invokecommand", "invokescript", "newscriptblock"}
)


def code_from_text(script: Script, reflected: Collection[str]) -> list[str]:
    """Members that compile text, and members called by name but those listed."""
    found = []
    for member in script.of_type("member_name"):
        name = _text(member).lower()
        if any(child.type != "simple_name" for child in member.children):
            found.append(f"line {_line(member)}: the name of a member is computed: {_text(member)}")
        elif name in _CODE_FROM_TEXT:
            found.append(f"line {_line(member)}: .{_text(member)} makes code of text")
        elif name in ("invoke", "invokemember") and (called := _text(member) + _text_of_arguments(member)) not in reflected:
            found.append(f"line {_line(member)}: a member is called by its name: {called[:60]!r}")
    return found


def _text_of_arguments(member: Node) -> str:
    # Among a command's arguments the grammar hangs the parentheses beside the whole member access.
    for node in (member, member.parent):
        if node is not None and node.next_sibling is not None and node.next_sibling.type == "argument_list":
            return _text(node.next_sibling)
    return ""


def hash_entries(script: Script, variable: str) -> dict[str, Node]:
    """The top-level entries of the hash table that is assigned to a variable."""
    for assignment in script.of_type("assignment_expression"):
        target = next(_children(assignment, "left_assignment_expression"))
        if _text(target).strip().lower() == f"${variable}".lower():
            literal = next(node for node in _walk(assignment) if node.type == "hash_literal_expression")
            body = next(_children(literal, "hash_literal_body"))
            return {_text(next(_children(entry, "key_expression"))).strip("'\""): entry for entry in _children(body, "hash_entry")}
    raise KeyError(variable)


def dispatch_targets(script: Script, variable: str, field: str) -> dict[str, str]:
    """What each entry of a table of hash tables names in one of its fields; only a single-quoted text counts, everything else is ''."""
    targets = {}
    for name, entry in hash_entries(script, variable).items():
        targets[name] = ""
        for inner in _walk(entry):
            if inner.type == "hash_entry" and _text(next(_children(inner, "key_expression"))) == field:
                literals = [node for node in _walk(inner) if node.type == "verbatim_string_characters"]
                value = _text(inner).split("=", 1)[1].strip().rstrip(";")
                targets[name] = value.strip("'") if literals and value.startswith("'") and value.endswith("'") else ""
                break
    return targets
