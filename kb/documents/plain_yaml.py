"""YAML that only says what it says: no anchors (no "YAML bomb" can be written), and no deeper than anybody needs."""

from __future__ import annotations

from typing import Any

import yaml

MAX_YAML_DEPTH = 8  # ours nests two deep
# libyaml reads 20 times faster; a PyYAML built without it still works.
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(Exception):
    """Text that is no plain YAML: what is wrong, what is allowed, and its 1-based line."""

    def __init__(self, message: str, allowed: str, line: int) -> None:
        super().__init__(message)
        self.message, self.allowed, self.line = message, allowed, line


def compose(text: str, allowed: str = "key: value lines") -> yaml.Node | None:
    """The root node of `text`, None if there is none; YamlError (with `allowed`) if it cannot or must not be read."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                line = line_of(text, event.start_mark)
                raise YamlError("YAML anchors and aliases are not accepted", "plain values", line)
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_YAML_DEPTH:
                    line = line_of(text, event.start_mark)
                    raise YamlError("YAML nests too deeply", f"at most {MAX_YAML_DEPTH} levels", line)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        detail = (error.problem or error.context or "unreadable").replace("\n", " ")
        raise YamlError(f"not valid YAML: {detail}", allowed, line_of(text, mark)) from error
    except yaml.YAMLError as error:
        raise YamlError(f"not valid YAML: {str(error).splitlines()[0]}", allowed, 1) from error


def line_of(text: str, mark: Any) -> int:
    """The 1-based line of a mark as editors count it: YAML ends lines at U+0085, U+2028 and U+2029 as well."""
    return text.count("\n", 0, mark.index) + 1 if mark else 1
