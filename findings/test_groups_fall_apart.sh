#!/usr/bin/env bash
# pytest-xdist --dist loadgroup keeps tests of one xdist_group on one worker. With every pytest?
#
# Good guess:  yes: pytest-xdist 3.8.0 asks for pytest 7 or newer and says nothing of an upper bound,
#              and a group that it cannot keep together would be an error or a warning.
# Behaviour:   with pytest 9.1 all tests of a group run on one worker; with pytest 9.2 the marker is
#              read and has no effect: the tests of a group are spread over all workers, without a
#              word, and everything passes. (The worker writes the group into a private attribute of
#              the test; pytest 9.2 takes the name from elsewhere.) What is set up once a module or
#              once a session is set up in every worker, and tests that must not run beside each
#              other do.
# Versions:    pytest-xdist 3.8.0 with pytest 9.1.1 and 9.2.0, Python 3.11, Linux.
# Seen:        see the last lines of this file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
cat > "$folder/test_group.py" <<'PY'
import time

import pytest


@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("number", range(8))
def test_one_of_a_group(number, worker_id):
    time.sleep(0.2)
    with open("workers.txt", "a") as file:
        file.write(f"{worker_id}\n")
PY
cd "$folder"
seen=0
for version in 9.1.1 9.2.0; do
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check pytest=="$version" pytest-xdist==3.8.0
    rm -f workers.txt
    result=$("$folder/venv/bin/python" -m pytest -q -n 2 --dist loadgroup -p no:cacheprovider test_group.py | tail -1)
    workers=$(sort -u workers.txt | wc -l)
    echo "pytest $version: one group ran on $workers of 2 workers; ${result%% in *}"
    [ "$version" = 9.1.1 ] && expected=1 || expected=2
    [ "$workers" -eq "$expected" ] || seen=1
done
[ "$seen" -eq 0 ] || { echo "changed"; exit 1; }
# Output seen:
#   pytest 9.1.1: one group ran on 1 of 2 workers; 8 passed
#   pytest 9.2.0: one group ran on 2 of 2 workers; 8 passed
