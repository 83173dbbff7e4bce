"""Settings come from the environment or from a file that nobody else reads, and never show a password."""

from pathlib import Path

import pytest

from trading_ecosystem.settings import Passwords, Settings, SettingsProblem, read_settings


def password_file(folder: Path, content: str, mode: int = 0o600) -> dict[str, str]:
    path = folder / "passwords.json"
    path.write_text(content, encoding="utf-8")
    path.chmod(mode)
    return {"TRADING_ECOSYSTEM_PASSWORDS_FILE": str(path)}


def test_nothing_said_is_nothing_known() -> None:
    assert read_settings({}) == Settings()
    assert read_settings({"TRADING_ECOSYSTEM_STORE_PASSWORD": ""}).store_passwords.of("risk") is None


def test_one_for_all_and_one_for_each(tmp_path: Path) -> None:
    given = password_file(tmp_path, '{"exchange": "one", "journal": "two"}')
    passwords = read_settings(given | {"TRADING_ECOSYSTEM_STORE_PASSWORD": "rest"}).store_passwords
    assert [passwords.of(role) for role in ("exchange", "journal", "risk")] == ["one", "two", "rest"]
    assert read_settings(given).store_passwords.of("risk") is None
    assert read_settings(given).cache_passwords.of("exchange") is None
    cache = read_settings({"TRADING_ECOSYSTEM_CACHE_PASSWORD": "caches"})
    assert (cache.cache_passwords.of("risk"), cache.store_passwords.of("risk")) == ("caches", None)


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    settings = read_settings(password_file(tmp_path, '{"risk": "geheim"}') | {"TRADING_ECOSYSTEM_STORE_PASSWORD": "geheim"})
    assert "geheim" not in repr(settings)
    assert repr(Passwords({"risk": "x"}, "y")) == "Passwords(risk and one for all)"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(SettingsProblem, match="can be used by others than its owner; expected mode 600"):
        read_settings(password_file(tmp_path, "{}", mode))


@pytest.mark.parametrize("content", ["", "geheim", "[]", '{"risk": 1}', '{"risk": "geheim"'])
def test_a_file_that_is_no_such_object_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    with pytest.raises(SettingsProblem, match="is no JSON object of passwords by role") as error:
        read_settings(password_file(tmp_path, content))
    assert "geheim" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsProblem, match=r"TRADING_ECOSYSTEM_PASSWORDS_FILE: .*nowhere cannot be read: No such file"):
        read_settings({"TRADING_ECOSYSTEM_PASSWORDS_FILE": str(tmp_path / "nowhere")})
