"""Where content and index are, from options or from the environment; nothing else is configurable."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DEFAULT_CONTENT = "content"
DEFAULT_INDEX = ".index"
SITE_NAME = "官民連携ナレッジ検索"


@dataclass(frozen=True, slots=True)
class Settings:
    """Content folders (searched in this order) and the index folder."""

    content: tuple[str, ...] = (DEFAULT_CONTENT,)
    index: Path = Path(DEFAULT_INDEX)

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], content: Sequence[str] = (), index: str | None = None
    ) -> Settings:
        """Options win over KB_CONTENT (several folders joined as in PATH) and KB_INDEX, which win over the defaults."""
        named = content or filter(None, environment.get("KB_CONTENT", "").split(os.pathsep))
        folders = tuple({os.path.abspath(folder): folder for folder in named}.values())
        return cls(folders or (DEFAULT_CONTENT,), Path(index or environment.get("KB_INDEX") or DEFAULT_INDEX))

    def to_environment(self) -> dict[str, str]:
        """The same settings for a child process."""
        content = os.pathsep.join(os.path.abspath(folder) for folder in self.content)
        return {"KB_CONTENT": content, "KB_INDEX": str(self.index.absolute())}
