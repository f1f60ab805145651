"""What the stories share: the command in this process, and the whole demo, published once."""

from __future__ import annotations

import pytest

from tests.cli.conftest import shell
from tests.scenarios.story import Story, copy_of_the_demo

__all__ = ["demo", "published_demo", "shell"]


@pytest.fixture(scope="session")
def published_demo(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The demo on its real data, run once: what takes longest of all stories together."""
    root = copy_of_the_demo(tmp_path_factory.mktemp("demo"))
    story = Story(root, root / ".mesh")
    said = story.run()
    assert said.code == 0, said
    assert set(said.statuses.values()) == {"published"}
    return story


@pytest.fixture
def demo(published_demo: Story) -> Story:
    """The demo as published from its own sources, whatever the story before came to."""
    said = published_demo.run()
    assert said.code == 0, said
    return published_demo
