"""The parser of all commands: arguments in, one clear sentence out when they are wrong."""

from __future__ import annotations

import argparse
import importlib
import signal
from collections.abc import Callable, Iterator
from os.path import expanduser
from typing import Any

import minbert
from minbert.clone import how_to_install
from minbert.commands.descriptions import DESCRIPTIONS
from minbert.experiments.arms import ARMS, JOINT, STAGES
from minbert.stopping import leave_at_once, received_by
from minbert.tasks import SINGLE_TASKS
from minbert.threads import granted_cores, share_the_machine

OUT = (
    "folder: new, empty, or of an earlier run of this command, whose unchanged files are replaced; "
    "other files in it stay"
)
MODEL = "tiny, minilm, bert-base, folder, hub id (owner/model@revision pins one)"
OWN = "[NAME=]text:FILE, pairs:FILE or labelled:FILE, with ,COLUMN=NAME (docs/own_data.md)"
PAGES = "folder for notebooks and pages; one of an earlier run that you changed is never replaced"
ASSIGNMENTS = "folder: files that somebody changed there stay as they are"
# What may be chosen, written out: asking the modules that know it would import torch for --help.
# tests/test_cli.py holds these against them.
PRESETS = ("paper", "quick")
RECIPES = ("paper", "lab", "best")
BEYOND = ("best",)
"""Recipes beyond the paper: each has one arm, of its own name."""
POOLINGS = ("pooler", "cls", "mean", "max")
PRECISIONS = ("auto", "fp32", "bf16")
DEVICES = ("auto", "cpu", "cuda")
VECTOR_FORMATS = ("npy", "safetensors", "jsonl", "txt")
SWEPT = ("mlm", "mnrl", "sst_finetune")
LABS = (
    "pair-encoding",
    "ranking-loss",
    "masked-language-model",
    "further-training",
    "joint-training",
)
OWN_STAGES = ("mlm", "ranking", "joint")
PIECES = tuple(range(1, 11))
"""Of the build track."""
GRADERS = ("nbgrader", "otter")
QUIZ_FORMATS = ("json", "moodle-xml", "gift")
EXPORTS = ("onnx", "openvino", "transformers", "sentence-transformers")
SHELLS = ("bash", "zsh", "tcsh")
COMPUTING = ("experiments", "models", "encode", "export", "own")
"""Modules of commands that use torch; the others do without it."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence instead of printing the usage; `~` is the home folder."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.register("type", None, expanduser)  # text without a type: names and paths
        self.formatter_class = _Help

    def error(self, message: str) -> None:
        self.exit(2, f"{self.prog}: {message}\n")


class _Help(argparse.HelpFormatter):
    """Paragraphs are wrapped, an example stays a line that can be copied."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        parts = text.split("\n\n")
        return "\n\n".join(
            part if part.startswith("  ") else super(_Help, self)._fill_text(part, width, indent)
            for part in parts
        )


class _Distinct(argparse.Action):
    """Refuses a list in which something stands twice."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        if len(set(values)) < len(values):
            got = " ".join(map(str, values))
            parser.error(
                f"argument {option_string}: names a seed twice, expected seeds that differ, got "
                f"{got}: the same run counted twice makes an interval too narrow"
            )
        setattr(namespace, self.dest, values)


Add = Callable[..., argparse.ArgumentParser]
"""Adds a command by its name."""


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = _Parser(prog="minbert", description="minBERT: a paper, reproduced stage by stage.")
    parser.add_argument("--version", action="version", version=f"minbert {minbert.__version__}")
    parser.add_argument("--verbose", action="store_true", help="log what is done, and tracebacks")
    parser.set_defaults(run=_help_of(parser))
    add = parser.add_subparsers(dest="command", parser_class=_Parser).add_parser

    _experiment_commands(add)
    _own_data_commands(add)
    _model_commands(add)
    _data_commands(add)
    _course_commands(add)
    completion = add("completion", help="a script with which a shell completes these commands")
    completion.add_argument("shell", choices=SHELLS)
    completion.set_defaults(run=_command("completion", "run_completion"))
    _describe(parser)
    return parser


def _experiment_commands(add: Add) -> None:
    """Of the paper and beyond it: reproduce, single-task, sweep, lab."""
    reproduce = add("reproduce", help="run the paper's grid and write its tables")
    _experiment_arguments(reproduce)
    reproduce.add_argument(
        "--arms", nargs="+", choices=(*ARMS, *BEYOND), help="default: all of the recipe"
    )
    reproduce.add_argument("--out", required=True, help=OUT)
    reproduce.set_defaults(run=_command("experiments", "run_reproduce"))

    single = add("single-task", help="the handout's classifier on SST or CFIMDB")
    _experiment_arguments(single)
    single.add_argument("--task", choices=SINGLE_TASKS, required=True)
    single.add_argument("--mode", choices=("frozen", "finetune"), required=True)
    single.add_argument("--out", required=True, help=OUT)
    single.set_defaults(run=_command("experiments", "run_single_task"))

    sweep = add("sweep", help="one stage at several learning rates, on held-out training data")
    _experiment_arguments(sweep)
    sweep.add_argument("--stage", choices=SWEPT, required=True)
    sweep.add_argument("--lr", nargs="+", type=float, required=True, help="learning rates")
    sweep.add_argument("--share", type=float, default=1.0, help="of the training data, (0, 1]")
    sweep.add_argument("--out", required=True, help=OUT)
    sweep.set_defaults(run=_command("experiments", "run_sweep"))

    lab = add("lab", help="one question: every choice trained alike, on held-out training data")
    _experiment_arguments(lab, recipe=False)
    lab.add_argument("name", choices=LABS)
    lab.add_argument("--cells", nargs="+", help="names of choices; default: all of the lab")
    lab.add_argument("--share", type=float, default=1.0, help="of the training data, (0, 1]")
    lab.add_argument("--out", required=True, help=OUT)
    lab.set_defaults(run=_command("experiments", "run_lab_command"), recipe=None)


def _own_data_commands(add: Add) -> None:
    """Of own data: train, evaluate."""
    train = add("train", help="train an encoder on data of your own, and say whether it helped")
    _own_data_argument(train)
    train.add_argument(
        "--encoder", default="minilm", help="minilm, tiny, bert-base, folder, hub id"
    )
    train.add_argument(
        "--stages", nargs="+", choices=OWN_STAGES, help="default: all that the data are for"
    )
    train.add_argument("--epochs", type=_whole(1, 1000), help="default: of the encoder's size")
    train.add_argument("--batch-size", type=_whole(2, 100_000), help="likewise")
    train.add_argument("--learning-rate", type=float, help="likewise")
    train.add_argument(
        "--scale", type=float, default=20.0, help="of ranking, the inverse temperature (20)"
    )
    train.add_argument(
        "--one-direction", action="store_true", help="rank second texts for first ones only"
    )
    train.add_argument(
        "--chunk", type=_whole(1, 100_000), help="sentences in memory at a time while ranking"
    )
    train.add_argument("--dev-share", type=float, help="of the rows, where there is no dev file")
    train.add_argument("--split-seed", type=_whole(0, 10**9), default=0, help="of that split")
    train.add_argument("--seeds", nargs="+", type=int, default=[0], action=_Distinct)
    train.add_argument("--cache", help="folder for finished stages (default: MINBERT_CACHE)")
    train.add_argument("--out", required=True, help=OUT)
    _where(train)
    train.set_defaults(run=_command("own", "run_train"))

    evaluate = add("evaluate", help="measure a model on data of your own")
    evaluate.add_argument("--model", required=True, help="--out of train, tiny, minilm, folder")
    _own_data_argument(evaluate)
    _where(evaluate)
    evaluate.set_defaults(run=_command("own", "run_evaluate"))


def _model_commands(add: Add) -> None:
    """Of models and their predictions: predict to pretrain-tiny."""
    predict = add("predict", help="prediction files from a finished run")
    predict.add_argument("--run", required=True, dest="run_folder", help="--out of reproduce")
    _data_argument(predict)
    predict.add_argument("--arm", choices=(*ARMS, *BEYOND), help="default: the submitted one")
    predict.add_argument("--stage", choices=(*STAGES, JOINT))
    predict.add_argument("--seed", type=int)
    predict.add_argument("--out", required=True, help=OUT)
    _where(predict)
    predict.set_defaults(run=_command("models", "run_predict"))

    grade = add("grade", help="score a prediction file against a file with id and label")
    grade.add_argument("predictions")
    grade.add_argument("labels")
    grade.set_defaults(run=_command("grade", "run_grade"))

    compare = add("compare", help="two finished runs: which differences are more than noise")
    compare.add_argument("run_a", help="folder of a run, --out of reproduce or single-task")
    compare.add_argument("run_b", help="folder of another run on the same data")
    _data_argument(compare)
    compare.set_defaults(run=_command("compare", "run_compare"))

    encode = add("encode", help="sentences on stdin, one a line, to vectors on stdout or in a file")
    encode.add_argument("--model", default="minilm", help=MODEL)
    encode.add_argument(
        "--pooling", choices=POOLINGS, help="without: what the model was made for, or mean"
    )
    encode.add_argument(
        "--out",
        metavar="FILE",
        help="written as it goes, in place when it is whole; interrupted, the same command goes on",
    )
    encode.add_argument(
        "--format", choices=VECTOR_FORMATS, help="default: the ending of --out, npy on stdout"
    )
    encode.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        help="whether to go on with what an interrupted run left of --out (default: yes)",
    )
    encode.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        help="on stderr (default: when it is a terminal)",
    )
    encode.add_argument(
        "--chunk",
        type=_whole(1, 10**6),
        default=4096,
        help="lines sorted by length, and written, together (default: 4096)",
    )
    _where(encode)
    encode.set_defaults(run=_command("encode", "run_encode"))

    _export_arguments(add("export", help="a model for onnx, openvino, transformers, …, measured"))
    _push_arguments(add("push", help="send the folder of a model to the Hugging Face hub"))

    tiny = add("pretrain-tiny", help="make the shipped encoder `tiny` again, from nothing")
    tiny.add_argument("--out", required=True, help=OUT)
    tiny.add_argument("--epochs", type=int, help="fewer, for a try")
    tiny.add_argument("--seed", type=int, default=0)
    _where(tiny)
    tiny.set_defaults(run=_command("experiments", "run_pretrain_tiny"))


def _data_commands(add: Add) -> None:
    """Of data: check, download, export, helpdesk, sample, ladder."""
    data = add("data", help="check, download, write, show data")
    data.set_defaults(run=_help_of(data))
    actions = data.add_subparsers(dest="action", parser_class=_Parser)
    check = actions.add_parser("check", help="name all damage and leaks")
    check.add_argument("what", nargs="+", help=f"folder of course files, or {OWN}")
    check.set_defaults(run=_command("data", "run_data_check"))
    download = actions.add_parser("download", help="fetch and verify the course's files")
    download.add_argument("--to", required=True, help="folder to put them in")
    download.add_argument("--from", dest="source", help="base address of a mirror")
    download.add_argument("--force", action="store_true", help="replace files that differ")
    download.set_defaults(run=_command("data", "run_data_download"))
    export = actions.add_parser("export", help="write data as the course's files")
    _data_argument(export)
    export.add_argument("--to", required=True, help=OUT)
    export.set_defaults(run=_command("data", "run_data_export"))
    helpdesk = actions.add_parser("helpdesk", help="write synthetic questions, to try own data on")
    helpdesk.add_argument("--to", required=True, help=OUT)
    helpdesk.add_argument("--seed", type=_whole(0, 10**9), default=0)
    helpdesk.add_argument(
        "--questions", type=_whole(4, 40), default=10, help="of each intent (default: 10)"
    )
    helpdesk.set_defaults(run=_command("data", "run_data_helpdesk"))
    sample = actions.add_parser("sample", help="sentences drawn at random, as Markdown")
    _data_argument(sample)
    sample.add_argument("--count", type=int, default=30, help="of each part")
    sample.set_defaults(run=_command("data", "run_data_sample"))
    rungs = actions.add_parser("ladder", help="what needs no deep learning, on these data")
    _data_argument(rungs)
    rungs.set_defaults(run=_command("ladder", "run_data_ladder"))


def _course_commands(add: Add) -> None:
    """Of the course: open, run, outputs, what teachers hand out, the build track."""
    course = add("course", help="the notebooks: run them all, store their outputs, hand them out")
    course.set_defaults(run=_help_of(course))
    steps = course.add_subparsers(dest="action", parser_class=_Parser)
    opened = steps.add_parser("open", help="notebooks and figures as a folder of your own")
    opened.add_argument(
        "--to", default="minbert-course", help="folder: notebooks that you changed there stay"
    )
    opened.add_argument("--lab", action="store_true", help="start JupyterLab on the first one")
    opened.set_defaults(run=_command("course", "run_open"))
    run = steps.add_parser("run", help="execute into a folder, with pages and the result table")
    run.add_argument("names", nargs="*", help="beginnings of names, e.g. 02 07 (default: all)")
    run.add_argument("--tier", choices=("lab", "real", "paper"), help="default: MINBERT_TIER, lab")
    run.add_argument("--data", help="folder of the CS224N files, for the tiers real and paper")
    run.add_argument(
        "--jobs",
        type=_whole(1, 64),
        metavar="N",
        help="notebooks at once (default: one a core, two at most, as free memory allows)",
    )
    run.add_argument(
        "--out",
        default="build/course",
        help=PAGES,
    )
    run.set_defaults(run=_command("course", "run_course"))
    outputs = steps.add_parser("outputs", help="execute on the lab and store the outputs")
    outputs.add_argument("names", nargs="*", help="beginnings of names (default: all)")
    outputs.set_defaults(run=_command("course", "run_outputs"))
    student = steps.add_parser("student", help="write the notebooks without solutions")
    student.add_argument(
        "--to", required=True, help="folder: notebooks that somebody changed there stay as they are"
    )
    student.add_argument(
        "--seed", type=int, metavar="N", help="give these learners a classroom corpus of their own"
    )
    student.set_defaults(run=_command("course", "run_student"))
    key = steps.add_parser("key", help="write the answers: exercises, quizzes, my_minbert.py")
    key.add_argument("--to", required=True, help="folder: files that somebody changed there stay")
    key.set_defaults(run=_command("course", "run_key"))
    exported = steps.add_parser("export", help="assignments that nbgrader or otter can grade")
    exported.add_argument("names", nargs="*", help="beginnings of names (default: all)")
    exported.add_argument("--to", required=True, help=ASSIGNMENTS)
    exported.add_argument("--for", dest="tool", choices=GRADERS, required=True)
    exported.set_defaults(run=_command("teaching", "run_export"))
    quiz = steps.add_parser("quiz", help="the bank of questions, every choice explained")
    quiz.add_argument("names", nargs="*", help="beginnings of names (default: all)")
    quiz.add_argument("--to", required=True, help="file; one that is there is never replaced")
    quiz.add_argument("--seed", type=int, default=0, help="of the order of choices (default: 0)")
    quiz.add_argument("--format", choices=QUIZ_FORMATS, default="json")
    quiz.set_defaults(run=_command("teaching", "run_quiz"))
    slides = steps.add_parser("slides", help="slides as one page, made from the figures")
    slides.add_argument("--to", required=True, help="folder; a page that you changed stays")
    slides.set_defaults(run=_command("teaching", "run_slides"))
    build = steps.add_parser("build", help="write my_minbert.py, in which you write BERT yourself")
    build.add_argument("--to", required=True, help="folder; a file that is there is never replaced")
    build.set_defaults(run=_command("build", "run_build"))
    checked = steps.add_parser("check", help="say which pieces of my_minbert.py are right")
    _written_file(checked)
    checked.add_argument(
        "--piece", nargs="+", type=int, choices=PIECES, metavar="N", help="1 to 10; default: all"
    )
    checked.set_defaults(run=_command("build", "run_check"))
    finale = steps.add_parser("finale", help="my_minbert.py loads real weights and trains")
    _written_file(finale)
    finale.set_defaults(run=_command("build", "run_finale"))
    graded = steps.add_parser("grade", help="points and feedback for many my_minbert.py")
    _grading_arguments(graded)
    graded.set_defaults(run=_command("grading", "run_course_grade"))


def commands_of(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Name, as it is typed, and parser of each command; a group stands before its members."""
    groups = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    for name, command in (pair for group in groups for pair in group.choices.items()):
        yield name, command
        for member, its in commands_of(command):
            yield f"{name} {member}", its


def _describe(parser: argparse.ArgumentParser) -> None:
    for name, command in commands_of(parser):
        if name in DESCRIPTIONS:
            command.description, *examples = DESCRIPTIONS[name]
            if examples:
                lines = "\n".join(f"  {line}" for line in examples)
                command.epilog = f"for example:\n\n{lines}"


def _help_of(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], None]:
    """What a command does that was called alone, and only has commands in it."""
    return lambda arguments: parser.print_help()


def _command(module: str, name: str) -> Callable[[argparse.Namespace], int | None]:
    """A command whose module is imported when it is called: help needs none of them."""

    def run(arguments: argparse.Namespace) -> int | None:
        try:
            with received_by(leave_at_once, signal.SIGINT, signal.SIGTERM):
                imported = importlib.import_module(f"minbert.commands.{module}")
        except ModuleNotFoundError as error:
            if module not in ("course", "teaching"):
                raise
            raise ValueError(
                f"{error.name} is not installed: {how_to_install('notebooks')} brings what the "
                "course needs"
            ) from error
        if module in COMPUTING:
            share_the_machine(granted_cores())
        return getattr(imported, name)(arguments)

    return run


def _experiment_arguments(parser: argparse.ArgumentParser, recipe: bool = True) -> None:
    _data_argument(parser)
    parser.add_argument(
        "--encoder",
        help="tiny (default on the classroom corpus), minilm (default else), bert-base, folder, "
        "hub id",
    )
    parser.add_argument("--preset", choices=PRESETS, default="quick")
    if recipe:
        parser.add_argument(
            "--recipe",
            choices=RECIPES,
            help="lab (default of a quick run at the size of tiny), paper (else), best (all tasks "
            "at once: better on every task, and not the paper's)",
        )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], action=_Distinct)
    parser.add_argument("--cache", help="folder for finished stages (default: MINBERT_CACHE)")
    _where(parser)


def _data_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        default="classroom",
        help="cs224n:FOLDER, or classroom[:SEED], the classroom corpus (synthetic; the default, "
        "seed 31)",
    )


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="minilm", help=MODEL)
    parser.add_argument("--revision", help="commit, tag or branch of a hub id")
    parser.add_argument("--to", choices=EXPORTS, required=True)
    parser.add_argument("--out", required=True, help=OUT)
    parser.add_argument(
        "--pooling", choices=POOLINGS, help="without: what the model was made for, or mean"
    )
    parser.add_argument("--task", help="--to transformers: whose trained head, for example sst")
    parser.add_argument(
        "--int8", action="store_true", help="--to onnx: smaller and faster, and other vectors"
    )
    _data_argument(parser)
    parser.add_argument(
        "--count", type=_whole(1, 10**6), default=1000, help="sentences to measure on, at most"
    )
    parser.add_argument(
        "--threads", type=_whole(1, 1024), help="of both sides (default: cores granted)"
    )
    parser.add_argument("--precision", choices=PRECISIONS, help="of openvino (default: auto)")
    parser.set_defaults(run=_command("export", "run_export"))


def _push_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", help="of a model, an export or a checkpoint")
    parser.add_argument("repository", help="owner/model on the hub; made, private, if it is new")
    parser.add_argument("--public", action="store_true", help="a new repository is for everybody")
    parser.add_argument("--license", help="for the model card, apache-2.0 for example")
    parser.add_argument("--revision", help="branch (default: main)")
    parser.add_argument("--message", default="Upload with minbert", help="of the commit")
    parser.add_argument("--yes", action="store_true", help="send without asking")
    parser.set_defaults(run=_command("export", "run_push"))


def _own_data_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", nargs="+", required=True, metavar="WHAT", help=OWN)


def _written_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="a my_minbert.py; it is run, so let it be your own")
    parser.add_argument(
        "--seconds", type=seconds, default=30.0, help="that a piece may take (default: 30)"
    )


def _grading_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="DIR_OR_ZIP",
        help="with a sub-folder, a zip or a .py file for each student",
    )
    parser.add_argument(
        "--out",
        required=True,
        metavar="SCORES.csv",
        help="table to write; JSON and a folder `feedback` come beside it, other files stay",
    )
    parser.add_argument("--points", help="CSV with piece,points (default: 10 for each piece)")
    parser.add_argument(
        "--seed", type=_whole(0, 10**9), default=0, help="draws hidden cases (0: the published)"
    )
    parser.add_argument(
        "--seconds", type=seconds, default=20.0, help="that a piece may take (default: 20)"
    )
    parser.add_argument(
        "--memory",
        type=_whole(64, 10**6),
        default=1024,
        help="megabytes that it may take beside torch (default: 1024)",
    )
    parser.add_argument(
        "--jobs", type=_whole(1, 256), help="submissions at a time (default: cores granted)"
    )


def _whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number within bounds."""

    def number(text: str) -> int:
        if not low <= (value := int(text)) <= high:
            raise argparse.ArgumentTypeError(f"expected {low} to {high}, got {text}")
        return value

    return number


def seconds(text: str) -> float:
    """A time above 0."""
    if not 0 < (number := float(text)) < float("inf"):
        raise argparse.ArgumentTypeError(f"expected seconds above 0, got {text}")
    return number


def _where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--precision", choices=PRECISIONS, help="default: the preset's, or auto")
    parser.add_argument("--device", choices=DEVICES, default="auto")
