"""The digest of the package's sources: another wherever anything that decides what a run says is another."""

from __future__ import annotations

from pathlib import Path

from trading_ecosystem.adapters.program_sources import PACKAGE, program_digest, sources_digest


def test_whatever_a_run_depends_on_makes_it_another(tmp_path: Path) -> None:
    def digest(**files: str) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        for name, text in files.items():
            path = folder / name.replace("__", "/").replace("_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return sources_digest(folder)

    one = digest(a_py="1", b__c_yaml="2")
    assert digest(b__c_yaml="2", a_py="1") == one
    assert digest(a_py="1", b__c_yaml="2", b__d_so="3", e_pyc="4") == one, "what is built from sources decides nothing"
    others = {
        digest(a_py="1 ", b__c_yaml="2"),
        digest(a_py="1", b__c_yaml="3"),
        digest(a_py="1"),
        digest(a_py="1", c_yaml="2"),
        digest(a_py="1", b__c_yaml="2", d_pyx=""),
        digest(a_py="2", b__c_yaml="1"),
    }
    assert len(others | {one}) == 7


def test_the_packages_own_is_that_of_its_folder() -> None:
    assert (PACKAGE / "py.typed").exists()
    assert program_digest() == sources_digest(PACKAGE)
