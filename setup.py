"""A wheel also carries the recorded results, which in a clone stand under figures/results."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class WithRecordedResults(build_py):
    def run(self) -> None:
        super().run()
        if self.editable_mode:  # an editable installation reads them where they are
            return
        source = Path(__file__).parent / "figures" / "results"
        target = Path(self.build_lib) / "minbert" / "assets" / "recorded"
        for path in sorted(source.rglob("*")):
            if path.name in ("results.json", "curves.csv") or path.parent.name == "predictions":
                copy = target / path.relative_to(source)
                self.mkpath(str(copy.parent))
                self.copy_file(str(path), str(copy))


setup(cmdclass={"build_py": WithRecordedResults})
