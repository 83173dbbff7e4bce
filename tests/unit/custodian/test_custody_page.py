"""The examples of the page about custody, from top to bottom."""

from tests.campaign import REPOSITORY


def test_the_examples_of_the_page_hold():
    page = (REPOSITORY / "docs" / "custody.md").read_text(encoding="utf-8")
    blocks = [part.partition("```")[0] for part in page.split("```python\n")[1:]]
    assert len(blocks) == 2
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "custody.md", "exec"), names)
    assert {"ledger", "calendar"} <= set(names)
