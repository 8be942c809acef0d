#!/usr/bin/env bash
# A typed package imports its parts when they are first asked for: the names stand under
# `if TYPE_CHECKING:` for editors, `__getattr__` and a computed `__all__` do the rest. Do type
# checkers find the names in a user's script?
#
# Good guess:  yes, wherever the package lies: its own tests, run in the clone, say so.
# Behaviour:   pyright finds them in the clone and not in the installed package: one with `py.typed`
#              hands on nothing that it imports plainly, and the module's `__getattr__`, which every
#              Python obeys, does not help. mypy --strict does not find them in either place. What
#              is written `from .part import Part as Part` is found in both places by both.
# Versions:    pyright 1.1.411, mypy 2.4.1, Python 3.11, Linux.
# Seen:        see the last lines of this file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/tools"
"$folder/tools/bin/pip" install --quiet --disable-pip-version-check "pyright[nodejs]==1.1.411" \
    mypy==2.4.1
python3 -m venv --without-pip "$folder/user"
packages=$("$folder/user/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

make_package() { # folder, how the name is imported
    mkdir -p "$1/lazypack"
    touch "$1/lazypack/py.typed"
    printf 'class Part:\n    size: int = 3\n' > "$1/lazypack/part.py"
    cat > "$1/lazypack/__init__.py" <<PY
import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lazypack.part import $2


def __getattr__(name: str) -> Any:
    return getattr(importlib.import_module("lazypack.part"), name)
PY
}

errors() { # checker, folder: how many it finds in the user's script there
    local said
    case "$1" in
        pyright) said=$(cd "$2" && "$folder/tools/bin/pyright" \
            --pythonpath "$folder/user/bin/python" script.py 2> /dev/null) || true ;;
        mypy) said=$(cd "$2" && "$folder/tools/bin/mypy" --strict --cache-dir "$folder/cache" \
            --python-executable "$folder/user/bin/python" script.py) || true ;;
    esac
    rm -rf "$folder/cache"
    grep -c "error:\|- error" <<< "$said" || true
}

seen=""
for how in "Part" "Part as Part"; do
    rm -rf "$folder/clone" "$folder/elsewhere" "$packages/lazypack"
    mkdir -p "$folder/clone" "$folder/elsewhere"
    make_package "$folder/clone" "$how"
    make_package "$packages" "$how"
    for place in clone elsewhere; do
        printf 'from lazypack import Part\n\nprint(Part().size + 1)\n' > "$folder/$place/script.py"
    done
    [ "$("$folder/user/bin/python" "$folder/elsewhere/script.py")" = 4 ]
    for place in clone elsewhere; do
        where=$([ "$place" = clone ] && echo "in the clone" || echo "installed")
        for checker in pyright mypy; do
            found=$(errors "$checker" "$folder/$place")
            echo "import $how, $where, $checker: $found errors"
            seen+=$found
        done
    done
done
[ "$seen" = 01110000 ] || { echo "changed: $seen"; exit 1; }
# Output seen:
#   import Part, in the clone, pyright: 0 errors
#   import Part, in the clone, mypy: 1 errors
#   import Part, installed, pyright: 1 errors
#   import Part, installed, mypy: 1 errors
#   import Part as Part, in the clone, pyright: 0 errors
#   import Part as Part, in the clone, mypy: 0 errors
#   import Part as Part, installed, pyright: 0 errors
#   import Part as Part, installed, mypy: 0 errors
