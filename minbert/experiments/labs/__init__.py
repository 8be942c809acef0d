"""Labs: one question each, answered by training every choice alike and testing the differences."""

from minbert.experiments.labs.further_training import FURTHER_TRAINING
from minbert.experiments.labs.joint_training import JOINT_TRAINING
from minbert.experiments.labs.masked_language_model import MASKED_LANGUAGE_MODEL
from minbert.experiments.labs.pair_encoding import PAIR_ENCODING
from minbert.experiments.labs.ranking_loss import RANKING_LOSS

LABS = {
    lab.name: lab
    for lab in (
        PAIR_ENCODING,
        RANKING_LOSS,
        MASKED_LANGUAGE_MODEL,
        FURTHER_TRAINING,
        JOINT_TRAINING,
    )
}
"""Every lab, by its name."""
