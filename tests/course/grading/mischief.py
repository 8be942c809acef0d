"""What submissions may do that they must not, harmless here, and the sentence that each gets."""

from __future__ import annotations

from collections.abc import Sequence

INSIDE = {
    1: "    dim = query.shape[-1]\n",
    2: "        words = self.word_embeddings(input_ids)\n",
    3: "        projected = self.dropout(self.dense(result))\n",
    4: "        first = states[:, 0]\n",
    5: "        beta1, beta2 = self.betas\n",
    6: "    hidden = labels != -100\n",
    7: "    cosine = F.cosine_similarity(first, second, dim=-1)\n",
    8: "    a, b = F.normalize(a, dim=-1), F.normalize(b, dim=-1)\n",
    9: "    width = max(len(row) for row in ids)\n",
    10: "    right, count = 0, 0\n",
}
"""A line of each piece's code, below which something else is put."""

MISCHIEF = {
    "writes elsewhere": ("open('../stolen', 'w')", "writes outside its folder (…/stolen)"),
    "removes elsewhere": ("os.remove('../../x')", "writes outside its folder (…/x)"),
    "reads elsewhere": ("open('/etc/passwd')", "reads a file (…/passwd) that is none of"),
    "goes elsewhere": ("os.listdir('..')", "reads a file"),
    "imports socket": ("import socket", "imports socket, which a submission must not"),
    "imports the library": ("import minbert.attention", "imports minbert, which"),
    "imports another one": ("from transformers import BertModel", "imports transformers, which"),
    "finds the library": ("sys.modules['minbert']", "raises KeyError: 'minbert'"),
    "connects": (
        "sys.modules['socket'].create_connection(('127.0.0.1', 9))",
        "opens a connection, which",
    ),
    "starts a program": ("os.system('true')", "starts another process, which"),
    "forks": ("os.fork()", "starts another process, which"),
    "sends a signal": ("os.kill(os.getppid(), 0)", "sends a signal to a process, which"),
    "goes around": ("sys.modules['ctypes'].CDLL(None)", "reaches around Python (ctypes"),
    "loops": ("while True: pass", "did not end within 3 s: is there a loop without end?"),
    "sleeps": ("time.sleep(60)", "did not end within 3 s"),
    "exits": ("sys.exit(0)", "ends the program (sys.exit)"),
    "leaves": ("os._exit(7)", "ended its process (exit code 7)"),
    "aborts": ("os.abort()", "ended its process: SIG"),
    "raises": ("raise KeyError('here')", "raises KeyError: 'here'"),
    "asks": ("input()", "raises EOFError"),
    "takes memory": ("torch.zeros(10**10)", "asks for more memory than there is"),
    "takes all memory": ("bytearray(10**10)", "asks for more memory than there is"),
    "fills the disk": ("open('big', 'wb').write(bytes(2 * 10**7))", "File too large"),
    "patches torch": ("torch.allclose = torch.equal = print", "it replaces torch."),
    "calls itself": ("return round_robin.__wrapped__", "AttributeError"),
}
"""By name: a line of code, and part of what is said."""
NEEDED = ("import json\n", "import json\nimport os\nimport sys\nimport time\n")


def below(number: int, code: str) -> tuple[str, str]:
    """The edit that puts code into a piece, in the place of a line of it."""
    line = INSIDE[number]
    indent = line[: len(line) - len(line.lstrip())]
    return line, f"{line}{indent}{code}\n"


def bundles(most: int = 9) -> list[dict[int, str]]:
    """All of them, each in a piece of its own: several submissions, by piece the name."""
    names: Sequence[str] = list(MISCHIEF)
    return [dict(enumerate(names[at : at + most], start=1)) for at in range(0, len(names), most)]
