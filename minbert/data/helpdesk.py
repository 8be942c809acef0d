"""A synthetic help desk: questions by intent and topic, to try what one would do with one's own.

Made up from phrases and frames; no customer has asked any of them. What is measured on it says
that the way works, and nothing about real questions.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from minbert.data.cs224n import SYNTHETIC_MARK
from minbert.data.own import LabelledData, PairData, TextData
from minbert.data.table import table_line

NOTE = "Synthetic help-desk questions, made by minbert data helpdesk; no customer asked them"
FILES = ("pairs.csv", "topics.csv", "questions.txt", SYNTHETIC_MARK)

TOPICS: dict[str, tuple[tuple[str, ...], ...]] = {
    "account": (
        ("reset my password", "get a new password", "replace the password that I forgot",
         "recover my login"),
        ("change my email address", "use another mail address", "correct the address of my mailbox",
         "move my account to a different email"),
        ("delete my account", "close my profile for good", "remove all my data",
         "stop being a customer"),
        ("unlock my account", "get in again after too many attempts",
         "open the profile that you blocked", "lift the lock on my login"),
        ("switch on two factor login", "protect my profile with a code",
         "add my phone as a second key", "use an authenticator"),
        ("add a user for my colleague", "invite somebody to our team", "give a co-worker access",
         "create one more login"),
    ),
    "billing": (
        ("get a copy of my invoice", "download last month's bill", "see what you charged",
         "find the receipt"),
        ("pay by credit card", "use my visa card", "enter other card details",
         "settle the sum with plastic"),
        ("cancel my subscription", "end my plan", "stop the monthly payments",
         "quit the contract"),
        ("get my money back", "ask for a refund", "return the sum that I paid",
         "reverse the charge"),
        ("put our company name on the invoice", "add a tax number to the bill",
         "have the receipt made out to my firm", "correct the billing details"),
        ("use a voucher", "enter my discount code", "redeem a coupon", "pay less"),
    ),
    "delivery": (
        ("track my parcel", "see where my order is", "follow the shipment",
         "find out when the box arrives"),
        ("change the delivery address", "send the parcel to another street",
         "have the box brought to my office", "redirect the shipment"),
        ("report a damaged item", "complain about a broken product", "show a crushed box",
         "say that the glass is cracked"),
        ("send an item back", "return what I bought", "give the product back",
         "ship it to you again"),
        ("get the order by tomorrow", "choose express shipping", "speed up the parcel",
         "have it brought faster"),
        ("report a missing parcel", "say that nothing arrived", "tell you that the box got lost",
         "claim an order that never came"),
    ),
    "printer": (
        ("clear a paper jam", "remove a stuck sheet", "get the page out of the rollers",
         "free the blocked tray"),
        ("replace the toner", "put in a new cartridge", "change the ink", "refill the colour"),
        ("connect the printer to wifi", "print over the wireless network",
         "add the device to our network", "use it without a cable"),
        ("print on both sides", "switch on duplex", "save paper with double pages",
         "use the back of each sheet"),
        ("scan to my mailbox", "send a scanned page by mail", "digitise a letter",
         "turn paper into a file"),
        ("install the printer driver", "set up the software of the device",
         "make my computer see the printer", "add the machine on my laptop"),
    ),
    "network": (
        ("connect to the wifi", "join the wireless network", "get online with my phone",
         "use the guest internet"),
        ("work from home over vpn", "reach the office network from outside",
         "set up the secure tunnel", "log in remotely"),
        ("speed up the slow internet", "fix the lagging connection", "load pages faster",
         "find out why downloads crawl"),
        ("open a blocked website", "get past the filter", "reach a page that you forbid",
         "have an address unlocked in the firewall"),
        ("plug in a network cable", "use the socket in the wall", "connect my desk by wire",
         "get a wired port"),
        ("mount the shared drive", "open the common folder", "reach our team's files",
         "see the directory of my group"),
    ),
    "phone": (
        ("forward my calls", "send callers to my mobile", "redirect the desk phone",
         "have somebody else answer"),
        ("listen to my voicemail", "hear the messages of callers", "check the mailbox of my phone",
         "play recorded messages"),
        ("order a new headset", "get other earphones", "replace the broken microphone",
         "have something to wear for calls"),
        ("join a video meeting", "enter the online conference", "take part in the call on screen",
         "open the link of a web meeting"),
        ("keep my phone number", "take the number to a new provider",
         "stay reachable under the old digits", "port my line"),
        ("use my phone abroad", "make calls in another country", "switch on roaming",
         "stay online when I travel"),
    ),
}  # fmt: skip
"""By topic, intents; of each, ways to say what is wanted."""

FRAMES = (
    "How do I {}?", "How can I {}?", "I want to {}.", "Is there a way to {}?",
    "What do I have to do to {}?", "Please help me to {}.", "Can you tell me how to {}?",
    "I tried to {} and it does not work.", "Where can I {}?", "Hello, I would like to {}, thanks.",
)  # fmt: skip
QUESTIONS = 10
"""Of each intent."""


@dataclass(frozen=True)
class HelpDesk:
    """The same questions three ways: as pairs of one intent, by topic, and without labels."""

    pairs: PairData
    topics: LabelledData
    texts: TextData


def helpdesk(seed: int = 0, questions: int = QUESTIONS) -> HelpDesk:
    """Made-up questions to a help desk: the same for the same seed.

    Args:
        seed: of phrases, frames and partners.
        questions: of each of the 36 intents, 4 to 40.

    Raises:
        ValueError: fewer or more questions than there can be.
    """
    if not 4 <= questions <= 40:
        raise ValueError(f"questions must be from 4 to 40 of each intent, got {questions}")
    draw = random.Random(seed)
    asked: list[tuple[str, int, list[str]]] = []
    for topic, intents in TOPICS.items():
        for number, phrases in enumerate(intents):
            all_ways = [frame.format(phrase) for phrase in phrases for frame in FRAMES]
            asked.append((topic, number, draw.sample(all_ways, questions)))
    first, second, negatives, texts, labels = [], [], [], [], []
    for topic, number, own in asked:
        near = [one for t, n, others in asked if t == topic and n != number for one in others]
        for question in own:
            first.append(question)
            second.append(draw.choice([one for one in own if one != question]))
            negatives.append(draw.choice(near))
        texts += own
        labels += [topic] * len(own)
    order = draw.sample(range(len(texts)), len(texts))

    def mixed(values: Sequence[str]) -> list[str]:
        return [values[at] for at in order]

    return HelpDesk(
        PairData(mixed(first), mixed(second), negatives=mixed(negatives), note=NOTE),
        LabelledData(mixed(texts), mixed(labels), name="topics", note=NOTE),
        TextData(mixed(texts), note=NOTE),
    )


def write_helpdesk(folder: Path, seed: int = 0, questions: int = QUESTIONS) -> None:
    """Write `pairs.csv`, `topics.csv`, `questions.txt`, and `synthetic.txt`, which says so.

    Args:
        folder: that is there.
        seed, questions: as for `helpdesk`.
    """
    made = helpdesk(seed, questions)
    columns = zip(made.pairs.first, made.pairs.second, made.pairs.negatives, strict=True)
    tables = {
        "pairs.csv": [("question", "duplicate", "other"), *columns],
        "topics.csv": [("text", "topic"), *zip(made.topics.texts, made.topics.labels, strict=True)],
    }
    for name, rows in tables.items():
        lines = "".join(table_line(row, ",") for row in rows)
        (folder / name).write_text(lines, encoding="utf-8")
    (folder / "questions.txt").write_text("\n".join(made.texts.texts) + "\n", encoding="utf-8")
    (folder / SYNTHETIC_MARK).write_text(NOTE + "\n", encoding="utf-8")
