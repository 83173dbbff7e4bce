"""Parameters of scenarios: types, bounds, where they are used, and templates that are given values."""

from __future__ import annotations

from pathlib import Path

import pytest

from trading_ecosystem.adapters.scenario_files import parse_scenario, read_scenario, resolved_text
from trading_ecosystem.messages.units import MINUTE, SECOND
from trading_ecosystem.ports.errors import BadInput

TEXT = """\
title: A shock of ${size} in ${asset}, $${written}
duration: 1h
parameters:
  size: {type: number, default: -0.06, from: -0.2, to: -0.01, description: how far}
  asset: {type: asset, default: BTC, one_of: [BTC, ETH]}
  onset: {type: duration, default: 20m, from: 1m, to: 40m}
  venue: {type: name, default: exchange-alpha}
ecosystem:
  market_data: {tick: 10s}
workloads:
  - strategy: market_making
    name: maker
    capital: {"${venue}": {BTC: 1, USD: 100000}}
    settings: {venues: ["${venue}"], instruments: ["${asset}/USD"], size_usd: 3000}
faults:
  - {id: shock, kind: price_shock, asset: "${asset}", magnitude: "${size}", at: "${onset}", hold: 5m}
"""


def test_every_use_is_replaced_by_the_default() -> None:
    scenario = parse_scenario(TEXT, "shock.yaml")
    assert scenario.title == "A shock of -0.06 in BTC, ${written}"
    (fault,) = (plan.lowest for plan in scenario.faults)
    assert (fault.at_ns, fault.assets, fault.magnitude_ppm) == (20 * MINUTE, ("BTC",), -60_000)  # type: ignore[union-attr]
    (maker,) = scenario.workloads
    assert list(maker.capital) == ["exchange-alpha"]
    assert maker.settings["instruments"] == "BTC/USD"
    assert [(one.name, one.text) for one in scenario.parameters][:2] == [("size", "-0.06"), ("asset", "BTC")]


def test_a_set_value_goes_before_the_default_and_keeps_type_and_bounds() -> None:
    changed = parse_scenario(TEXT, "shock.yaml", ["parameters.onset=90s", "parameters.asset=ETH"])
    (fault,) = (plan.lowest for plan in changed.faults)
    assert (fault.at_ns, fault.assets) == (90 * SECOND, ("ETH",))  # type: ignore[union-attr]
    with pytest.raises(BadInput, match=r"^--set parameters.onset: .* cannot be '50m'; expected at most 40m$"):
        parse_scenario(TEXT, "shock.yaml", ["parameters.onset=50m"])


def test_it_is_the_scenario_that_has_the_values_written_in_it() -> None:
    plain = TEXT[: TEXT.index("parameters")] + TEXT[TEXT.index("ecosystem") :]
    for name, value in (("size", "-0.06"), ("asset", "BTC"), ("onset", "20m"), ("venue", "exchange-alpha")):
        plain = plain.replace(f"${{{name}}}", value)
    one, other = parse_scenario(TEXT, "shock.yaml"), parse_scenario(plain, "shock.yaml")
    for field in one.__struct_fields__:
        if field != "parameters":
            assert getattr(one, field) == getattr(other, field), field


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            ("${onset}", "${onsett}"),
            r"16:\d+: unknown parameter 'onsett'; did you mean 'onset'\? expected one of: size",
        ),
        (("${onset}", "${onset"), r"16:\d+: '\$\{onset' has no end; expected \$\{name\}"),
        (("default: -0.06", "default: 0.5"), r"4:\d+: the parameter 'size' cannot be '0.5'; expected at most -0.01"),
        (("default: -0.06", "default: -0.5"), r"4:\d+: the parameter 'size' cannot be '-0.5'; expected at least -0.2"),
        (("default: -0.06", "default: far"), r"4:\d+: the parameter 'size' 'far' is not a number; expected a decimal number"),
        (("default: BTC", "default: USD"), r"5:\d+: the parameter 'asset' cannot be 'USD'; expected one of: BTC, ETH"),
        (
            ("default: BTC", "from: BTC"),
            r"5:\d+: the parameter 'asset' has no value; expected 'default', --set",
        ),
        (
            ("asset, default: BTC, one", "asset, from: BTC, default: BTC, one"),
            r"5:\d+: a parameter of type asset has no 'from'; expected 'one_of'",
        ),
        (("from: 1m, to: 40m", "from: 50m, to: 40m"), r"6:\d+: the parameter 'onset' could have no value"),
        (("type: number", "type: numbers"), r"4:\d+: unknown type 'numbers'; did you mean 'number'\?"),
        (("  size: {", "  Size: {"), r"4:\d+: a parameter cannot be called 'Size'; expected 1 to 63 of a-z"),
        (
            ("{type: name, default: exchange-alpha}", "5"),
            r"7:\d+: the parameter 'venue' cannot be '5'; expected a mapping",
        ),
    ],
)
def test_every_mistake_is_one_line_with_its_place(change: tuple[str, str], line: str) -> None:
    assert change[0] in TEXT
    with pytest.raises(BadInput, match=rf"^shock.yaml:{line}"):
        parse_scenario(TEXT.replace(*change), "shock.yaml")


def test_keys_that_become_the_same_are_refused() -> None:
    text = TEXT.replace('{"${venue}": {BTC: 1, USD: 100000}}', '{"${venue}": {BTC: 1}, exchange-alpha: {USD: 1}}')
    with pytest.raises(BadInput, match="the key 'exchange-alpha' is here twice"):
        parse_scenario(text, "shock.yaml")


CHILD = """\
title: Another
template: shock
with: {size: -0.08}
seed: 7
workloads:
  - {name: maker, capital: {"${venue}": {USD: 200000}}}
  - {strategy: market_making, name: second, capital: {exchange-beta: {BTC: 1, USD: 1000}},
     settings: {venues: [exchange-beta], instruments: [BTC/USD], size_usd: 100}}
faults:
  - {id: shock, hold: 3m}
"""


def folder_of(tmp_path: Path, child: str = CHILD) -> Path:
    (tmp_path / "shock.yaml").write_text(TEXT)
    (tmp_path / "child.yaml").write_text(child.replace("template: shock\n", "template: shock.yaml\n"))
    return tmp_path / "child.yaml"


def test_a_template_is_laid_under_what_is_written(tmp_path: Path) -> None:
    scenario = read_scenario(folder_of(tmp_path))
    (fault,) = (plan.lowest for plan in scenario.faults)
    assert (fault.magnitude_ppm, fault.hold_ns, fault.at_ns) == (-80_000, 3 * MINUTE, 20 * MINUTE)  # type: ignore[union-attr]
    assert (scenario.title, scenario.seed, scenario.name) == ("Another", 7, "child")
    maker, second = scenario.workloads
    assert maker.capital["exchange-alpha"] == {"BTC": 10**8, "USD": 200_000 * 10**8}
    assert second.name == "second"


def test_the_resolved_text_needs_no_other_file(tmp_path: Path) -> None:
    path = folder_of(tmp_path)
    text = resolved_text(path, ["parameters.onset=5m"])
    alone = parse_scenario(text, "header.json", name="child")
    assert alone == read_scenario(path, ["parameters.onset=5m"])
    assert "template" not in text
    assert resolved_text(tmp_path / "shock.yaml") == TEXT


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("with: {size: -0.08}", "with: {sizes: -0.08}"), r"child.yaml:3:8: unknown parameter 'sizes'; did you mean 'size'\?"),
        (("with: {size: -0.08}", "with: 5"), r"child.yaml:3:7: 'with' is no mapping"),
        (("with: {size: -0.08}", "with: {size: 0.5}"), r"child.yaml:3:14: the parameter 'size' cannot be '0.5'"),
        (("template: shock\n", ""), r"child.yaml:2:1: there is no template to give parameters to"),
        (("template: shock\n", "template: shoc\n"), r"child.yaml:2:11: there is no template 'shoc'"),
        (("template: shock\n", "template: child.yaml\n"), r"child.yaml:2:11: templates of templates go deeper than 5"),
        (("template: shock\n", "template: [shock]\n"), r"child.yaml:2:11: this is no template"),
    ],
)
def test_every_mistake_with_a_template_is_one_line_with_its_place(tmp_path: Path, change: tuple[str, str], line: str) -> None:
    assert change[0] in CHILD
    with pytest.raises(BadInput, match=line):
        read_scenario(folder_of(tmp_path, CHILD.replace(*change)))


def test_a_criterion_replaces_that_of_the_same_measure_and_subject_alone(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        """\
title: Base
duration: 30m
faults: [{id: stale, kind: feed_stale, at: 5m, duration: 4m}]
success:
  - {measure: recovery_time, fault: stale, at_most: 10m}
  - {measure: alerts, at_most: 1}
"""
    )
    (tmp_path / "over.yaml").write_text(
        """\
title: Over
template: base.yaml
success:
  - {measure: time_to_detect, fault: stale, at_most: 30s}
  - {measure: alerts, at_most: 2}
"""
    )
    success = read_scenario(tmp_path / "over.yaml").checks.success
    assert [(one.measure.value, one.at_most) for one in success] == [
        ("recovery_time", 10 * MINUTE), ("alerts", 2), ("time_to_detect", 30 * SECOND),
    ]  # fmt: skip


@pytest.mark.parametrize("size", ["-0.2", "-0.01"])
def test_bounds_of_a_parameter_are_inclusive(size: str) -> None:
    assert parse_scenario(TEXT, "shock.yaml", [f"parameters.size={size}"]).parameters[0].text == size
