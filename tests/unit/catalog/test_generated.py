# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The generated files are current, and the generator notices when they are not."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]
CONTROLS = Path("plugins/plugin_utils/catalog/controls")
GENERATED = (Path("plugins/plugin_utils/catalog/generated.json"), Path("docs/controls.md"))


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_catalog", ROOT / "tools" / "generate_catalog.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / CONTROLS, tmp_path / CONTROLS)
    return tmp_path


def test_the_generated_files_are_current(generator: ModuleType) -> None:
    assert generator.main(["--check"]) == 0


def test_check_fails_and_writes_nothing_where_files_are_missing(generator: ModuleType, checkout: Path) -> None:
    assert generator.main(["--check"], checkout) == 1
    assert not any((checkout / path).exists() for path in GENERATED)


@pytest.mark.parametrize("path", GENERATED)
def test_check_names_a_file_that_is_not_current(
    generator: ModuleType, checkout: Path, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generator.main([], checkout) == 0
    with (checkout / path).open("a", encoding="utf-8") as stream:
        stream.write("\n")
    capsys.readouterr()

    assert generator.main(["--check"], checkout) == 1
    assert capsys.readouterr().err == f"{path} is not current: run tools/generate_catalog.py.\n"


def test_writing_again_changes_nothing(generator: ModuleType, checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generator.main([], checkout) == 0
    capsys.readouterr()

    assert generator.main([], checkout) == 0
    assert capsys.readouterr().out == ""


def test_wrong_sources_are_reported_and_nothing_is_written(
    generator: ModuleType, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / CONTROLS / "005_more.yml").write_text("guidance: '005'\n", encoding="utf-8")

    assert generator.main([], checkout) == 2
    assert "005_more.yml: the field title is missing." in capsys.readouterr().err
    assert not any((checkout / path).exists() for path in GENERATED)


def test_the_page_has_a_row_and_a_section_for_each_control(generator: ModuleType) -> None:
    documents = generator.source.read(ROOT / CONTROLS)
    page = generator.as_markdown(documents)

    for document in documents:
        assert f"\n## {document.guidance}: " in page
        for control in document.controls:
            assert page.count(f"| [{control.id}](#{control.id}) |") == 1
            assert page.count(f'<a id="{control.id}"></a>') == 1


def test_text_cannot_break_the_page(generator: ModuleType) -> None:
    assert generator._escape("a | b <c> fAllow_To*") == "a \\| b \\<c\\> fAllow\\_To\\*"
