#!/usr/bin/env bash
# Does huggingface_hub upload weights to a hub that speaks Git LFS and not Xet?
#
# Good guess:  yes. hf_xet, which comes with it, is a faster way; a hub of one's own without it is
#              asked once and then gets the file by LFS, as a download from such a hub goes by HTTP.
# Behaviour:   no. Where hf_xet is installed, every file that the hub wants stored apart (weights)
#              goes by Xet alone: a 404 for its token ends the upload with ConnectionError, and the
#              address of LFS is never asked. A download from the same hub works. With
#              HF_HUB_DISABLE_XET=1 the same upload goes by LFS; nothing in the message says so.
# Versions:    huggingface_hub 2.4.0, hf-xet 1.8.0, Python 3.11.
# Seen:        see the last lines of this file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    huggingface_hub==2.4.0 hf-xet==1.8.0
cat >"$folder/try.py" <<'PY'
import hashlib
import json
import os
import sys
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

warnings.simplefilter("ignore")
os.environ["HF_TOKEN"] = "hf_" + "x" * 20
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
WEIGHTS, asked, stored = bytes(range(256)) * 16, [], {}


class Hub(BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, status, said, headers = self.path.split("?")[0], 200, {}, {}
        for word in ("preupload", "xet-write-token", "info/lfs", "large", "commit", "resolve"):
            if f"/{word}" in path:
                asked.append(word)
        here = f"http://127.0.0.1:{self.server.server_port}"
        if "/preupload/" in path:
            said = {"files": [{"path": one["path"], "uploadMode": "lfs", "shouldIgnore": False}
                              for one in json.loads(body)["files"]]}
        elif "/info/lfs/" in path:
            said = {"transfer": "basic", "objects": [
                {"oid": one["oid"], "size": one["size"],
                 "actions": {"upload": {"href": f"{here}/large/{one['oid']}"}}}
                for one in json.loads(body)["objects"]]}
        elif self.command == "PUT":
            stored[path.rpartition("/")[2]] = body
        elif "/commit/" in path:
            said = {"commitUrl": f"{here}/a/b/commit/{'1' * 40}", "commitOid": "1" * 40,
                    "pullRequestUrl": None, "success": True}
        elif "/resolve/" in path:
            headers = {"X-Repo-Commit": "1" * 40, "ETag": f'"{hashlib.sha256(WEIGHTS).hexdigest()}"'}
        else:
            status = 404
        content = WEIGHTS if "/resolve/" in path else json.dumps(said).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = answer

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["HF_ENDPOINT"] = endpoint = f"http://127.0.0.1:{server.server_port}"
from huggingface_hub import HfApi, hf_hub_download

folder, way = sys.argv[1:]
file = os.path.join(folder, "model.safetensors")
with open(file, "wb") as opened:
    opened.write(WEIGHTS)
if way == "down":
    got = hf_hub_download("a/b", "model.safetensors", cache_dir=os.path.join(folder, "cache"))
    end = "whole" if open(got, "rb").read() == WEIGHTS else "damaged"
else:
    try:
        HfApi(endpoint=endpoint).upload_file(
            path_or_fileobj=file, path_in_repo="model.safetensors", repo_id="a/b")
        end = "stored" if stored == {hashlib.sha256(WEIGHTS).hexdigest(): WEIGHTS} else "lost"
    except Exception as error:
        says = "HF_HUB_DISABLE_XET" in str(error)
        end = f"{type(error).__name__}, which {'names' if says else 'does not name'} the setting"
print(f"{way}: asked for {', '.join(dict.fromkeys(asked))}: {end}")
PY
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
{
    "$folder/venv/bin/python" "$folder/try.py" "$folder" down
    "$folder/venv/bin/python" "$folder/try.py" "$folder" up
    HF_HUB_DISABLE_XET=1 "$folder/venv/bin/python" "$folder/try.py" "$folder" "up without Xet"
} | tee "$folder/said"
diff "$folder/said" - <<'SEEN'
down: asked for resolve: whole
up: asked for preupload, xet-write-token: ConnectionError, which does not name the setting
up without Xet: asked for preupload, info/lfs, large, commit: stored
SEEN
# Output seen:
#   down: asked for resolve: whole
#   up: asked for preupload, xet-write-token: ConnectionError, which does not name the setting
#   up without Xet: asked for preupload, info/lfs, large, commit: stored
