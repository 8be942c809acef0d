"""How a model leaves: transformers, sentence-transformers, ONNX, OpenVINO, mteb, and the hub."""

from typing import TYPE_CHECKING

from minbert.faces import face

if TYPE_CHECKING:
    from minbert.export.card import ModelCard
    from minbert.export.certificate import Certificate, certify
    from minbert.export.classifier import SequenceClassifier, load_classifier, save_classifier
    from minbert.export.exported import ExportedEncoder, load_exported
    from minbert.export.graph import SentenceGraph, sentence_graph
    from minbert.export.mteb_model import MtebEncoder
    from minbert.export.runtimes import write_onnx, write_openvino

__all__, __getattr__, __dir__ = face(__name__, __file__)
