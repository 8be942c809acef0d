"""What `--help` says of each command: a description, then lines that can be copied."""

DESCRIPTIONS: dict[str, tuple[str, ...]] = {
    "reproduce": (
        "Runs the paper's grid: every arm, its stages, its seeds. Writes tables, results as JSON, "
        "curves, prediction files and checkpoints. Finished stages come from the cache; stopped "
        "with Ctrl-C, the same command goes on.",
        "minbert reproduce --out build/reproduce",
        "minbert reproduce --data cs224n:data --encoder minilm --seeds 0 1 2 --out build/real",
    ),
    "single-task": (
        "Trains the handout's classifier on one task, with the encoder frozen or trained, and "
        "writes its results and predictions.",
        "minbert single-task --task sst --mode frozen --out build/sst-frozen",
    ),
    "sweep": (
        "Trains one stage at several learning rates and measures each on a held-out tenth of the "
        "training data: the dev files are not looked at.",
        "minbert sweep --stage mlm --lr 1e-3 1e-4 1e-5 --out build/sweep-mlm",
    ),
    "lab": (
        "Asks one question: every choice is trained alike, measured on held-out training data, "
        "and compared with intervals.",
        "minbert lab pair-encoding --share 0.3 --out build/lab-pair-encoding",
    ),
    "predict": (
        "Writes the prediction files of a finished run, in the course's format.",
        "minbert predict --run build/reproduce --out build/predictions",
    ),
    "grade": (
        "Scores a prediction file against a file with id and label. Rows are matched by id.",
        "minbert grade build/predictions/sst-dev.csv data/ids-sst-dev.csv",
    ),
    "compare": (
        "Holds the dev predictions of two finished runs against each other, example by example: "
        "McNemar's test, paired bootstrap, Holm's correction.",
        "minbert compare build/reproduce build/other",
    ),
    "encode": (
        "Turns sentences into vectors: a sentence a line on stdin, vectors on stdout or in a file.",
        "minbert encode --model minilm --out vectors.npy < sentences.txt",
    ),
    "train": (
        "Trains an encoder on your own texts, pairs and labelled texts, and says first whether it "
        "helped: a paired test against the encoder as it was. Writes a model folder, results and "
        "tables.",
        "minbert train --data faq=pairs:faq.csv --encoder minilm --out build/faq",
        "minbert train --data pairs:faq.csv labelled:topics.csv --encoder tiny --out build/own",
    ),
    "evaluate": (
        "Measures a model on data of your own, with 95 % intervals: accuracy, F1, correlations, "
        "partners found.",
        "minbert evaluate --model build/faq --data faq=pairs:faq.csv",
    ),
    "export": (
        "Writes a model for another program and measures both on this machine: speed at equal "
        "threads, largest difference, smallest cosine. An export below .999 is not called good.",
        "minbert export --model minilm --to onnx --out build/minilm-onnx",
        "minbert export --model build/faq --to sentence-transformers --out build/faq-st",
    ),
    "push": (
        "Sends the folder of a model to the Hugging Face hub, after asking. A new repository is "
        "private.",
        "minbert push build/faq owner/faq",
    ),
    "pretrain-tiny": (
        "Makes the encoder `tiny`, which is shipped in the package, again: its vocabulary and its "
        "weights, from synthetic sentences alone.",
        "minbert pretrain-tiny --epochs 1 --out build/tiny",
    ),
    "data": (
        "Commands about data: they check, fetch, write and show.",
        "minbert data check data",
    ),
    "data check": (
        "Names all that is wrong with the files of a folder: damaged rows with file and line, "
        "sentences in both train and dev or test, repeated and contradicting rows.",
        "minbert data check data",
        "minbert data check faq=pairs:faq.csv",
    ),
    "data helpdesk": (
        "Writes synthetic help-desk questions as a CSV of pairs, one of labelled texts and a file "
        "of texts: something to try your own data's commands on.",
        "minbert data helpdesk --to build/helpdesk",
    ),
    "data download": (
        "Fetches the course's twelve files from their public repository, at a fixed commit, each "
        "verified. A file that is there and differs stays, unless --force is given.",
        "minbert data download --to data",
    ),
    "data export": (
        "Writes data as the course's files, for other programs.",
        "minbert data export --data classroom:7 --to build/classroom",
    ),
    "data sample": (
        "Prints sentences drawn at random from each part, as Markdown.",
        "minbert data sample --count 5",
    ),
    "data ladder": (
        "Measures what needs no deep learning on these data: majority, bag of words, overlap of "
        "words, static vectors.",
        "minbert data ladder",
    ),
    "course": (
        "Commands about the notebooks: they open, run, hand out, check and grade.",
        "minbert course open --to minbert-course --lab",
    ),
    "course open": (
        "Writes the notebooks, and the figures and pages they lead to, into a folder of your own, "
        "and says how to begin. The same command again renews what you did not change.",
        "minbert course open --to minbert-course",
        "minbert course open --to minbert-course --lab",
    ),
    "course run": (
        "Executes notebooks into a folder, with pages that need no network, an index and the "
        "table of results. The notebooks themselves stay as they are.",
        "minbert course run 02 07 --out build/course",
        "minbert course run --tier real --data data --out build/course-real",
    ),
    "course outputs": (
        "Executes the notebooks of a clone on the lab and stores their outputs in them.",
        "minbert course outputs 02",
    ),
    "course student": (
        "Writes the notebooks without solutions and outputs, with all that they need.",
        "minbert course student --to build/student --seed 7",
    ),
    "course key": (
        "Writes the answers, with reasons: exercises, quizzes, my_minbert.py.",
        "minbert course key --to build/key",
    ),
    "course export": (
        "Makes assignments of the notebooks, which nbgrader or otter can grade.",
        "minbert course export 01 02 --to build/assignments --for nbgrader",
    ),
    "course quiz": (
        "Writes the bank of questions as one file, every choice with its reason.",
        "minbert course quiz --to quiz.xml --format moodle-xml",
    ),
    "course slides": (
        "Makes the slides as one page with its pictures inside.",
        "minbert course slides --to build/slides",
    ),
    "course build": (
        "Writes my_minbert.py: signatures and docstrings of ten pieces, in which you write BERT "
        "yourself.",
        "minbert course build --to .",
    ),
    "course check": (
        "Says which pieces of a my_minbert.py are right, and names known mistakes. Exit code 1 "
        "where one is not right yet.",
        "minbert course check my_minbert.py --piece 1",
    ),
    "course finale": (
        "Loads published weights into the encoder of my_minbert.py, compares its hidden states "
        "with the library's, and trains it.",
        "minbert course finale my_minbert.py",
    ),
    "course grade": (
        "Points and feedback for a class's my_minbert.py files: each is run shut in, with hidden "
        "cases from a seed of yours.",
        "minbert course grade submissions --out grades/scores.csv --seed 31",
    ),
    "completion": (
        "Prints a script with which a shell completes commands, options and files. It needs the "
        "package shtab.",
        "minbert completion bash > ~/.local/share/bash-completion/completions/minbert",
        "minbert completion zsh > ~/.zfunc/_minbert",
    ),
}
"""By command, as it is typed."""
