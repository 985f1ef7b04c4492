"""Print what extras of pyproject.toml need, one requirement a line, the project's own extras resolved."""

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
own = re.compile(rf"{project['name']}\[(.+)\]")


def needs(extra: str) -> set[str]:
    found = set()
    for requirement in project["optional-dependencies"][extra]:
        if match := own.fullmatch(requirement):
            found |= set().union(*(needs(name.strip()) for name in match[1].split(",")))
        else:
            found.add(requirement)
    return found


wanted = set(project["dependencies"]).union(*(needs(extra) for extra in sys.argv[1:]))
sys.stdout.write("\n".join(sorted(wanted)) + "\n")
